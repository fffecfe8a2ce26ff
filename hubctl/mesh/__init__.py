"""The mesh on one computer: its data directory, its processes and their supervision."""
