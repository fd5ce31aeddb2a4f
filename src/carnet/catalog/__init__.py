"""Data about AWS: actions, resource types, condition keys, AWS-managed policies."""
