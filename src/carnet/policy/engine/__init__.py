"""What the compiled engine (`carnet.policy.compile`) is made of."""
