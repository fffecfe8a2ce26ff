"""Who people are: sign-in, sessions and tokens."""
