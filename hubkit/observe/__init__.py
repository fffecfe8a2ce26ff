"""What a service tells of itself: logs, traces and figures."""
