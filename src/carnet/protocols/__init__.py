"""The AWS wire, from botocore's models."""
