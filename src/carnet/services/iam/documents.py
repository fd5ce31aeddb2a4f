"""Policy documents that callers send: their grammar and their size.

https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html
"""

from __future__ import annotations

from carnet.base.faults import TooMany
from carnet.entities.entity import Documents
from carnet.policy.document import Grammar, counted_size
from carnet.services.documents import parse_once, parsed_before
from carnet.services.iam import sentences

MANAGED_DOCUMENT = parsed_before("PolicyDocument", Grammar.MANAGED, lambda quotas: quotas.managed_policy_size)
"""For `prepare=` of an operation that stores a managed policy."""


def check_identity_policy(text: str, partition: str) -> None:
    """Raise Malformed if the text is no identity-based policy."""
    parse_once(text, Grammar.IDENTITY, partition)


def check_managed_policy(text: str, most: int, partition: str) -> None:
    """Raise TooMany if the text is longer than `most`, Malformed if it is no managed policy."""
    if counted_size(text) > most:
        raise TooMany(sentences.quota("PolicySize", most))
    parse_once(text, Grammar.MANAGED, partition)


def check_inline_sizes(documents: Documents, most: int, *, holder: str, name: str) -> None:
    """Raise TooMany if the inline policies of a `holder` (user, group, role) called `name` are too long together."""
    if sum(map(counted_size, documents.values())) > most:
        raise TooMany(sentences.inline_size(holder, name, most))
