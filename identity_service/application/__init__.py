"""The use cases: signing in, staying signed in, signing out."""
