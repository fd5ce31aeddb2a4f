"""SCIM as RFC 7643 and RFC 7644 have it, for provisioners that ask for more than AWS does."""
