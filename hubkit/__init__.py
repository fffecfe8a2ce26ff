"""Shared technique of every service, without any business knowledge."""
