"""Warns of a question that a test can ask and hardly means: an action that its service does not have.

Whatever a policy allows, a denial of such an action is no news. An action of a service that AWS does not have is not
warned of: those who embed the engine have actions of their own.
"""

from __future__ import annotations

import warnings

from carnet.catalog.policy_facts import CatalogFacts
from carnet.policy.lint import IssueCode, check_action


class UnknownAction(UserWarning):
    """The catalogue of AWS's actions does not have the action that a test asks for."""


def warn_of_action(action: str, *, stacklevel: int) -> None:
    """Warn if AWS has the service of the action, and not the action; `stacklevel` counts from the caller."""
    for finding in check_action(action, "action", CatalogFacts()):
        if finding.code is IssueCode.INVALID_ACTION:
            warnings.warn(finding.sentence, UnknownAction, stacklevel=stacklevel + 1)
