"""Master key, data keys, sealed secrets and session tokens."""
