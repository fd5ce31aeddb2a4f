"""Who calls: a credential, its principal, the condition keys that follow, and the limits of its session."""
