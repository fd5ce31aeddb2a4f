"""What is raised if a caller is not authenticated. It stands alone, so that who signs need not import who is found."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

_NOTHING: Mapping[str, str] = MappingProxyType({})


class AuthFailure(Exception):
    """The caller is not authenticated; `code` and `message` are what AWS answers.

    `computed` is what was computed here of a request whose signature is refused, for this server's log: it shows a
    caller's mistake, and would help an attacker.
    INVARIANT: the message, which is answered and logged, repeats nothing of a credential. `computed`, which is only
    logged, has digests in place of credential values.
    """

    def __init__(self, code: str, message: str, computed: Mapping[str, str] = _NOTHING) -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.computed = computed
