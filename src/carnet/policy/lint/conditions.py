"""Condition keys that do not exist, and operators that do not fit their keys.

https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_condition_operators.html
https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_condition-single-vs-multi-valued-context-keys.html
"""

from __future__ import annotations

from collections.abc import Iterator

from carnet.policy.lint.facts import Facts, KeyFacts
from carnet.policy.lint.finding import Finding, IssueCode
from carnet.policy.lint.near import nearest
from carnet.policy.operators import NULL, OperatorUse, Quantifier, operator_use
from carnet.policy.patterns import ascii_lower

_GLOBAL = "aws"
_EPOCH_TIME = "aws:epochtime"
"""A Date key that numeric operators may compare, too."""

_FITTING = {
    "String": ("String", "Binary", "Arn"),
    "ARN": ("Arn", "String"),
    "Bool": ("Bool",),
    "Numeric": ("Numeric",),
    "Date": ("Date",),
    "IPAddress": ("IpAddress", "NotIpAddress"),
}
"""Type of a key to the beginnings of the operators that compare its values, the best one first."""


def check_condition(operator: str, key: str, path: str, facts: Facts) -> Iterator[Finding]:
    """What is wrong with a key, and with the operator that compares it."""
    use, known = operator_use(operator), facts.key(key)
    if use is None:
        return
    if known is None:
        yield from check_key(key, path, facts)
        return
    if not _fits(use, key, known):
        message = (
            f"Use the operator type {_FITTING[known.type][0]} instead of operator {operator} for the condition key "
            f"{key}."
        )
        yield Finding(code=IssueCode.TYPE_MISMATCH, path=path, message=message, at_name=True)
    yield from _check_set_operator(use, key, known, path)


def check_key(key: str, path: str, facts: Facts) -> Iterator[Finding]:
    """What is wrong with the name of a key. What a web identity provider calls its keys, only that provider knows."""
    prefix, colon, name = key.partition(":")
    if facts.key(key) is not None or (colon and "." in prefix):
        return
    if not (prefix and colon and name):
        message = f"The condition key {key} is not of the form service:name."
        yield Finding(code=IssueCode.INVALID_CONDITION_KEY_FORMAT, path=path, message=message, at_name=True)
        return
    of_all = ascii_lower(prefix) == _GLOBAL
    code = IssueCode.INVALID_GLOBAL_CONDITION_KEY if of_all else IssueCode.INVALID_SERVICE_CONDITION_KEY
    yield Finding(
        code=code,
        path=path,
        message=f"The condition key {key} does not exist.",
        meant=_meant(prefix, key, facts),
        at_name=True,
    )


def _meant(prefix: str, key: str, facts: Facts) -> str:
    known = facts.keys(prefix)
    if not known:
        other = nearest(prefix, (_GLOBAL, *facts.services()))
        known = facts.keys(other) if other else ()
    return nearest(key, known)


def _fits(use: OperatorUse, key: str, known: KeyFacts) -> bool:
    name = use.operator.name
    if name == NULL or (ascii_lower(key) == _EPOCH_TIME and name.startswith("Numeric")):
        return True
    return name.startswith(_FITTING.get(known.type, ("",)))


def _check_set_operator(use: OperatorUse, key: str, known: KeyFacts, path: str) -> Iterator[Finding]:
    if known.multivalued and use.quantifier is None and use.operator.name != NULL:
        message = (
            f"The condition key {key} has several values in a request: the operator {use.text} needs ForAllValues or "
            "ForAnyValue before it."
        )
        yield Finding(code=IssueCode.MISSING_QUALIFIER, path=path, message=message, at_name=True)
    elif not known.multivalued and use.quantifier is Quantifier.ALL:
        message = (
            f"The condition key {key} has one value in a request, and {use.text} is also met by a request without the "
            "key."
        )
        yield Finding(code=IssueCode.FOR_ALL_VALUES_WITH_SINGLE_VALUED_KEY, path=path, message=message, at_name=True)
