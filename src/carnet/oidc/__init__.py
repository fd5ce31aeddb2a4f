"""OpenID Connect: an issuer's public keys, fetched within strict limits, and its tokens, verified."""
