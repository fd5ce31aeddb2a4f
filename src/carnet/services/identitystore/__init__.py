"""The operations of the identity stores of IAM Identity Center."""
