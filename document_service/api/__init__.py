"""The wire side: one file a gRPC service; unpack, one use case, pack."""
