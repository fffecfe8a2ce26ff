"""Values and messages of the contract, both ways; total functions."""
