"""Decisions about people, sign-in and sessions; pure."""
