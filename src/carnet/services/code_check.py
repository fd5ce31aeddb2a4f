"""One-time MFA codes that a request brings: which they are, and what their caller is told of them.

They are looked at before the operation takes its turn, in a change of their own (`code_attempt`): a code is used up, or
an attempt is counted, whatever becomes of the operation, which may be denied or only read.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from carnet.base.faults import Fault
from carnet.identity.mfa import Codes, Hindrance


@dataclass(frozen=True, slots=True)
class Accepted:
    """What an operation finds as `call.prepared` if the codes were right; only `code_attempt` makes one."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CodeCheck:
    """The codes of an operation's requests, for its `prepare=`."""

    members: frozenset[str] | None
    """An input has codes if it has one of these members; None if each has. INVARIANT: without codes the operation waits
    for no change."""
    codes: Callable[[Any, Any], Codes]
    """(call, given) to the codes and the device that they are of; raises a Fault for what needs no look."""
    missing: Callable[[Codes], Fault]
    """What is told if the device is no longer there, or is somebody else's by now."""
    wrong: Callable[[], Fault]
    hindered: Mapping[Hindrance, Callable[[], Fault]]
    proves_mfa: bool = False
    """Whether the call itself is then one with MFA: policies see aws:MultiFactorAuthPresent as true.

    Whether it may be made at all is decided before the codes are looked at, as if they were right, and once more after
    that. INVARIANT: nothing but a denial comes of the first decision.
    """
