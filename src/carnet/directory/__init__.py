"""The in-memory copy of all accounts that requests are answered from. It follows the store's change log."""
