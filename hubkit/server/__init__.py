"""Serving gRPC: who may call, for how long, how many at once, and how failures leave."""
