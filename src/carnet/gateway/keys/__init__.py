"""AWS KMS keys: those that encrypt the resources of requests, and the grants on keys."""
