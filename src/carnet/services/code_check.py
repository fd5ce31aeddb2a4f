"""One-time MFA codes in a request: where they are in the input, and the errors about them.

They are checked before the operation takes its turn, in a change of their own (`code_attempt`). So a code is used up,
or an attempt is counted, even if the operation is denied or only reads.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from carnet.base.faults import Fault
from carnet.identity.mfa import Codes, Hindrance


@dataclass(frozen=True, slots=True)
class Accepted:
    """The value of `call.prepared` if the codes were right. Only `code_attempt` makes one."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CodeCheck:
    """The codes of an operation's requests, for its `prepare=`."""

    members: frozenset[str] | None
    """An input has codes if it has one of these members; None if every input has codes. INVARIANT: an operation without
    codes waits for no change."""
    codes: Callable[[Any, Any], Codes]
    """(call, given) to the codes and their device; raises a Fault if they need no check."""
    missing: Callable[[Codes], Fault]
    """The fault if the device is gone, or belongs to somebody else by now."""
    wrong: Callable[[], Fault]
    hindered: Mapping[Hindrance, Callable[[], Fault]]
    proves_mfa: bool = False
    """Whether the call then counts as one with MFA: policies see aws:MultiFactorAuthPresent as true.

    The call is decided before the codes are checked, as if they were right, and once more afterwards. INVARIANT: the
    first decision can only deny.
    """
