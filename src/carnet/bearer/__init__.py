"""Tokens in the Authorization header, an authenticator: who holds one is who it stands for."""
