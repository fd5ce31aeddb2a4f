"""The in-memory picture of all accounts that requests are answered from; it follows the store's change log."""
