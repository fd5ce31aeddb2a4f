"""Carnet: AWS IAM that anyone can run."""
