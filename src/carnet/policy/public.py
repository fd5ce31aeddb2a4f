"""Whether a policy of a resource is public: whether it allows something to who is not named.

https://docs.aws.amazon.com/AmazonS3/latest/userguide/access-control-block-public-access.html#access-control-block-public-access-policy-status

A policy counts as public until each of its Allows is known to be for fixed values: for principals that are named, or
under a condition that only fixed values of certain keys meet. What is denied does not count.
"""

from __future__ import annotations

import ipaddress

from msgspec.structs import replace

from carnet.policy.conditions import Condition
from carnet.policy.document import Policy
from carnet.policy.operators import Quantifier
from carnet.policy.patterns import ascii_lower
from carnet.policy.principals import ANYONE, NamedPrincipal, PrincipalType
from carnet.policy.statement import Statement

_TEXT = frozenset(("StringEquals", "StringEqualsIgnoreCase", "StringLike", "ArnEquals", "ArnLike"))
_ADDRESS = "IpAddress"
_SOURCE_IP = "aws:sourceip"
_FIXING = frozenset(
    (
        *("aws:principalaccount", "aws:principalarn", "aws:principalorgid", "aws:userid"),
        *("aws:sourceaccount", "aws:sourcearn", "aws:sourceowner", "aws:sourceorgid"),
        *("aws:sourcevpc", "aws:sourcevpce", "s3:dataaccesspointaccount"),
    )
)
_FIXING_BY_FIRST_PART = {
    "aws:principalorgpaths": "/",
    "aws:sourceorgpaths": "/",
    "s3:dataaccesspointarn": ":accesspoint",
}
"""Keys whose values need be fixed up to what ends their first part: the organization, the account."""
_WIDEST = {4: 8, 6: 32}
"""The shortest prefix of a network, by IP version, that is not most of the Internet."""
_WILD = ("*", "?", "${")


def is_public(policy: Policy) -> bool:
    """Whether an Allow of the policy is for anybody."""
    return any(_for_anybody(statement) for statement in policy.statements if statement.granting)


def without_allows(policy: Policy) -> Policy:
    """What the policy denies."""
    return replace(policy, statements=tuple([one for one in policy.statements if not one.granting]))


def _for_anybody(statement: Statement) -> bool:
    if statement.problem:
        return False  # it applies to nothing
    element = statement.principals
    named = element is not None and not element.negated and all(map(_is_named, element.values))
    return not named and not any(map(_fixes, statement.conditions))


def _is_named(value: NamedPrincipal) -> bool:
    """Whether it is one principal, account or service; an identity provider that everybody has a user at is not."""
    if value.type is PrincipalType.FEDERATED:
        return value.text.startswith("arn:")
    return value.text != ANYONE


def _fixes(condition: Condition) -> bool:
    """Whether nobody meets the condition but who has one of some fixed values of a key."""
    use, key = condition.use, ascii_lower(condition.key)
    if use.if_exists or use.quantifier is Quantifier.ALL or not condition.values:
        return False
    texts = [value.text for value in condition.values]
    if use.operator.name == _ADDRESS:
        return key == _SOURCE_IP and all(map(_is_narrow, texts))
    if use.operator.name not in _TEXT:
        return False
    if key in _FIXING:
        return all(map(_is_fixed, texts))
    end = _FIXING_BY_FIRST_PART.get(key)
    return end is not None and all(end in text and _is_fixed(text.partition(end)[0]) for text in texts)


def _is_fixed(text: str) -> bool:
    return bool(text) and not any(sign in text for sign in _WILD)


def _is_narrow(text: str) -> bool:
    try:
        network = ipaddress.ip_network(text, strict=False)
    except ValueError:
        return False
    return network.prefixlen >= _WIDEST[network.version]
