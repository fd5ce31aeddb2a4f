"""One fault that the linter has found.

https://docs.aws.amazon.com/IAM/latest/UserGuide/access-analyzer-reference-policy-checks.html
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import StrEnum


class IssueCode(StrEnum):
    """What is wrong, as IAM Access Analyzer's policy checks call it."""

    DATA_TYPE_MISMATCH = "DATA_TYPE_MISMATCH"
    EMPTY_ARRAY_ACTION = "EMPTY_ARRAY_ACTION"
    FOR_ALL_VALUES_WITH_SINGLE_VALUED_KEY = "FORALLVALUES_WITH_SINGLE_VALUED_KEY"
    INVALID_ACTION = "INVALID_ACTION"
    INVALID_CONDITION_KEY_FORMAT = "INVALID_CONDITION_KEY_FORMAT"
    INVALID_CONDITION_OPERATOR = "INVALID_CONDITION_OPERATOR"
    INVALID_EFFECT = "INVALID_EFFECT"
    INVALID_GLOBAL_CONDITION_KEY = "INVALID_GLOBAL_CONDITION_KEY"
    INVALID_POLICY = "INVALID_POLICY"
    """What has no code of its own; the message is the one with which AWS refuses the policy."""
    INVALID_POLICY_ELEMENT = "INVALID_POLICY_ELEMENT"
    INVALID_PRINCIPAL_KEY = "INVALID_PRINCIPAL_KEY"
    INVALID_SERVICE_CONDITION_KEY = "INVALID_SERVICE_CONDITION_KEY"
    INVALID_SERVICE_IN_ACTION = "INVALID_SERVICE_IN_ACTION"
    INVALID_VERSION = "INVALID_VERSION"
    MISSING_ACTION = "MISSING_ACTION"
    MISSING_EFFECT = "MISSING_EFFECT"
    MISSING_PRINCIPAL = "MISSING_PRINCIPAL"
    MISSING_QUALIFIER = "MISSING_QUALIFIER"
    MISSING_RESOURCE = "MISSING_RESOURCE"
    MISSING_STATEMENT = "MISSING_STATEMENT"
    TYPE_MISMATCH = "TYPE_MISMATCH"
    UNSUPPORTED_ELEMENT_COMBINATION = "UNSUPPORTED_ELEMENT_COMBINATION"
    VARIABLE_UNSUPPORTED_IN_VERSION = "VARIABLE_UNSUPPORTED_IN_VERSION"


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One fault, where it is, and what was probably meant."""

    code: IssueCode
    path: str
    """From the document inwards: `.Statement[0].Action[1]`; empty for the document itself."""
    message: str
    meant: str = ""
    """The known word that is most like the one that is wrong; empty if none is like it."""
    at_name: bool = False
    """Whether the member's name is wrong, or else its value."""

    @property
    def sentence(self) -> str:
        """The message with what was meant."""
        return f"{self.message} Did you mean {self.meant}?" if self.meant else self.message

    def below(self, path: str) -> Finding:
        """The same of a document that itself stands at `path`."""
        return replace(self, path=path + self.path)
