"""The exception for a caller who is not authenticated. It is a module of its own, so that signing does not import
credentials."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

_NOTHING: Mapping[str, str] = MappingProxyType({})


class AuthFailure(Exception):
    """The caller is not authenticated; `code` and `message` are what AWS answers.

    `computed` holds what the server computed for a request whose signature is refused. It is for the server's log only:
    it shows a caller's mistake, and would help an attacker. INVARIANT: the message, which is answered and logged,
    contains no part of a credential. `computed`, which is only logged, has digests in place of credential values.
    """

    def __init__(self, code: str, message: str, computed: Mapping[str, str] = _NOTHING) -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.computed = computed
