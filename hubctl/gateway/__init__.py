"""The gateway's configuration, made from the contract and a few addresses."""
