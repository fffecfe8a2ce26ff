"""Matching: which documents belong together, and why."""
