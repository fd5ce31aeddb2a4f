"""IAM Identity Center OIDC: clients register, and get access tokens of those who have consented."""
