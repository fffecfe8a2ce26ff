"""Engine-neutral values of a read page."""
