"""Policy documents that callers send: their grammar and their size.

https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html
"""

from __future__ import annotations

from collections.abc import Iterable

from carnet.base.faults import TooMany
from carnet.entities.entity import Documents
from carnet.policy.document import Grammar
from carnet.services.documents import document, document_size, parsed_before
from carnet.services.iam import sentences
from carnet.services.iam.quotas import IamQuotas
from carnet.services.operation import Call

MANAGED_DOCUMENT = parsed_before("PolicyDocument", Grammar.MANAGED, lambda quotas: quotas.managed_policy_size)
"""For `prepare=` of an operation that stores a managed policy."""
FREE_WHITE_SPACE = 16_384
"""Characters of white space that a managed or trust policy may have, or the inline policies of an entity together."""
_WHITE_SPACE_TIMES = 4
"""How many more for each character that counts: what writes JSON for people takes one or two."""


def check_identity_policy(call: Call, text: str) -> None:
    """Raise Malformed if the text is no identity-based policy."""
    document(call, text, Grammar.IDENTITY, call.partition)


def check_managed_policy(call: Call, text: str) -> None:
    """Raise TooMany if the text is too long, Malformed if it is no managed policy."""
    quotas: IamQuotas = call.quotas
    check_size(call, (text,), quotas.managed_policy_size, sentences.quota("PolicySize", quotas.managed_policy_size))
    document(call, text, Grammar.MANAGED, call.partition)


def check_inline_sizes(call: Call, documents: Documents, most: int, *, holder: str, name: str) -> None:
    """Raise TooMany if the inline policies of a `holder` (user, group, role) called `name` are too long together."""
    check_size(call, documents.values(), most, sentences.inline_size(holder, name, most))


def check_size(call: Call, texts: Iterable[str], most: int, told: str) -> None:
    """Raise TooMany with `told` if the texts count more than `most` characters together.

    So it does, and says why, if they have so much white space that an account could fill the memory with what no quota
    counts (docs/decisions/0105-white-space-has-a-bound.md).
    """
    counted = white_space = 0
    for text in texts:
        size = document_size(call, text)
        counted += size
        white_space += len(text) - size
    if counted > most:
        raise TooMany(told)
    bound = FREE_WHITE_SPACE + _WHITE_SPACE_TIMES * counted
    if white_space > bound:
        raise TooMany(sentences.white_space(told, white_space, bound))
