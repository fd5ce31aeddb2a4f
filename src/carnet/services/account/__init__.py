"""The Account Management service: contacts and Regions of an account."""
