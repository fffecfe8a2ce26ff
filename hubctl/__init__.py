"""The `dochub` command: runs the mesh, reads documents offline, talks to a running hub."""
