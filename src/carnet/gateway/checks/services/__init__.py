"""Rules by hand: what the table of operations cannot tell of a service."""
