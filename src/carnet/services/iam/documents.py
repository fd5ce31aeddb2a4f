"""Policy documents that callers send: their grammar and their size.

https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html
"""

from __future__ import annotations

from carnet.base.faults import TooMany
from carnet.entities.entity import Documents
from carnet.policy.document import Grammar
from carnet.services.documents import document, document_size, parsed_before
from carnet.services.iam import sentences
from carnet.services.iam.quotas import IamQuotas
from carnet.services.operation import Call

MANAGED_DOCUMENT = parsed_before("PolicyDocument", Grammar.MANAGED, lambda quotas: quotas.managed_policy_size)
"""For `prepare=` of an operation that stores a managed policy."""
MOST_WHITE_SPACE = 131_072
"""Characters of it in the inline policies of an entity together: as long as AWS takes one document."""


def check_identity_policy(call: Call, text: str) -> None:
    """Raise Malformed unless the text is an identity-based policy."""
    document(call, text, Grammar.IDENTITY, call.partition)


def check_managed_policy(call: Call, text: str) -> None:
    """Raise TooMany if the text is too long, Malformed unless it is a managed policy."""
    quotas: IamQuotas = call.quotas
    if document_size(call, text) > quotas.managed_policy_size:
        raise TooMany(sentences.quota("PolicySize", quotas.managed_policy_size))
    document(call, text, Grammar.MANAGED, call.partition)


def check_inline_sizes(call: Call, documents: Documents, most: int, *, holder: str, name: str) -> None:
    """Raise TooMany if the inline policies of the `holder` (user, group, role) called `name` are too long in total."""
    counted = sum(document_size(call, text) for text in documents.values())
    if counted > most:
        raise TooMany(sentences.inline_size(holder, name, most))
    white_space = sum(map(len, documents.values())) - counted
    if white_space > MOST_WHITE_SPACE:
        raise TooMany(sentences.white_space(sentences.inline_size(holder, name, most), white_space, MOST_WHITE_SPACE))
