"""Others that identity talks to: a mail server, providers that people sign in at."""
