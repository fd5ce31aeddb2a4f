"""The access portal of IAM Identity Center: what people do with their access tokens."""
