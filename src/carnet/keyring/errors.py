"""What goes wrong with keys. INVARIANT: no message holds key material, plaintext or ciphertext."""

from __future__ import annotations


class KeyringError(Exception):
    """The keys are not there, not whole or not the right ones; Carnet cannot work with them."""


class BadMasterKey(KeyringError):
    """The master key cannot be had from where it should be, or must not be used as it lies there."""


class WrongMasterKey(KeyringError):
    """The master key is not the one that the data keys were wrapped with."""


class Unsealable(KeyringError):
    """A sealed secret does not open: altered, moved from another row, or sealed with a key that is not in the ring."""


class TokenTooLarge(KeyringError):
    """What a session is to carry does not fit into a session token."""
