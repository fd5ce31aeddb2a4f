"""The operations of AWS IAM Identity Center (sso-admin)."""
