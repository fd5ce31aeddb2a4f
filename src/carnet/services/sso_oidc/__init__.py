"""IAM Identity Center OIDC: clients register, and get access tokens of people who have consented."""
