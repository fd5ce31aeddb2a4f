"""AWS Sign-In: `aws login`, and the sessions that it starts."""
