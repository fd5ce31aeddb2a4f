"""What requests need of the keys of AWS KMS that encrypt what they are about, one file a service."""
