"""The wire: one file a gRPC service, one short method an RPC."""
