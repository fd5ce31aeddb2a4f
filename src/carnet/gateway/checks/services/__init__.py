"""Rules by hand: the facts about a service that are not in the table of operations."""
