"""What tests of services need: a real server in the process, keys, tokens, a database."""
