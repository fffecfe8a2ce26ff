"""A client of the gateway: who we are, where it is, and the few calls the command needs."""
