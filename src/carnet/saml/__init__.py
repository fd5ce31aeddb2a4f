"""SAML 2.0: an identity provider's metadata, and its authentication responses, verified."""
