"""The permissions on AWS KMS keys that requests need for encrypted resources, one file for each service."""
