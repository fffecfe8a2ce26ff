"""Slow or secret work: password hashes, sealed secrets, passwords that everybody knows."""
