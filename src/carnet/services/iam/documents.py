"""Policy documents that callers send: their grammar and their size.

https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html
"""

from __future__ import annotations

from carnet.base.faults import TooMany
from carnet.entities.entity import Documents
from carnet.policy.document import Grammar, counted_size, parse
from carnet.services.iam import sentences


def check_identity_policy(text: str) -> None:
    """Raise Malformed where the text is no identity-based policy."""
    parse(text, Grammar.IDENTITY)


def check_managed_policy(text: str, most: int) -> None:
    """Raise Malformed where the text is no managed policy, TooMany where it is longer than `most`."""
    if parse(text, Grammar.MANAGED).size > most:
        raise TooMany(sentences.quota("PolicySize", most))


def check_inline_sizes(documents: Documents, most: int, *, holder: str, name: str) -> None:
    """Raise TooMany where the inline policies of a `holder` (user, group, role) called `name` are too long together."""
    if sum(map(counted_size, documents.values())) > most:
        raise TooMany(sentences.inline_size(holder, name, most))
