"""An enforcing gateway in front of AWS-compatible services."""
