"""Keys of AWS KMS: those that encrypt what requests are about, and the grants on keys."""
