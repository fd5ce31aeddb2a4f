"""Shared by the operations that give out temporary credentials: session policies, session tags, the credentials.

https://docs.aws.amazon.com/IAM/latest/UserGuide/id_session-tags.html
https://docs.aws.amazon.com/IAM/latest/UserGuide/access_policies.html#policies_session
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from carnet.access.gather import find_managed_policy
from carnet.base.faults import Invalid, Refused
from carnet.directory.account_view import AccountView
from carnet.entities.entity import Tags, name_key
from carnet.identity.credential import traced
from carnet.keyring.errors import TokenTooLarge
from carnet.keyring.session_claims import SessionClaims
from carnet.keyring.session_tokens import MAX_TOKEN_CHARACTERS
from carnet.policy.document import Grammar
from carnet.services.documents import parse_once
from carnet.services.operation import Call, FederatedCall
from carnet.services.sts.quotas import StsQuotas

if TYPE_CHECKING:
    from types_boto3_sts.type_defs import PolicyDescriptorTypeTypeDef, TagTypeDef

PACKED_BYTES = 4096
"""How many bytes the session policies, their ARNs and the session tags of one session may take together.

AWS publishes no figure. INVARIANT: within this limit they fit into a session token.
"""

_RESERVED_PREFIX = "aws:"


@dataclass(frozen=True, slots=True, kw_only=True)
class SessionPolicies:
    """The session policies: at most one inline document, and ARNs of managed policies."""

    documents: tuple[str, ...] = ()
    arns: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class SessionTags:
    """The tags of a session, including inherited ones, and the keys that sessions made with it will inherit."""

    tags: Tags = field(default_factory=dict[str, str])
    transitive: tuple[str, ...] = ()
    """Keys of `tags`, in the same spelling."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Passed:
    """The session policies and tags that a request passes to the new session, with the tags inherited from the calling
    session."""

    policies: SessionPolicies
    tags: SessionTags
    packed_size: int | None
    """PackedPolicySize."""


_NOTHING = Passed(policies=SessionPolicies(), tags=SessionTags(), packed_size=None)
_PASSED = ("Policy", "PolicyArns", "Tags", "TransitiveTagKeys")
"""The members of a request that are passed to the new session."""


def passed(view: AccountView, quotas: StsQuotas, parent: SessionClaims | None, given: Mapping[str, Any]) -> Passed:
    """The policies and tags for a new session in the account of `view`. `parent` is the calling session. Raises
    Invalid, Malformed, Refused."""
    if parent is None and given.keys().isdisjoint(_PASSED):
        return _NOTHING
    policies = session_policies(view, quotas, given.get("Policy"), given.get("PolicyArns", ()))
    tags = session_tags(inherited_tags(parent), given.get("Tags", ()), given.get("TransitiveTagKeys", ()))
    return Passed(policies=policies, tags=tags, packed_size=packed_size(policies, tags.tags))


def _is_reserved(key: str) -> bool:
    """Whether a tag key begins with `aws:`, which only AWS may write. (A source identity has no colon.)"""
    return name_key(key).startswith(_RESERVED_PREFIX)


def session_policies(
    view: AccountView, quotas: StsQuotas, document: str | None, descriptors: Sequence[PolicyDescriptorTypeTypeDef]
) -> SessionPolicies:
    """The session policies of a request, for a session in the account of `view`; raises Invalid or Malformed."""
    arns = tuple(descriptor.get("arn", "") for descriptor in descriptors)
    if len(arns) > quotas.session_policy_arns:
        told = ", ".join(f"{{arn={arn}}}" for arn in arns)
        raise Invalid(_too_long(f"[{told}]", "policyArns", quotas.session_policy_arns))
    for arn in arns:
        if find_managed_policy(view, arn) is None:
            raise Invalid(f"The policy {arn} does not exist in the account of the session.")
    if document is None:
        return SessionPolicies(arns=arns)
    if len(document) > quotas.session_policy_size:
        raise Invalid(_too_long(document, "policy", quotas.session_policy_size))
    parse_once(document, Grammar.SESSION, view.account.partition)
    return SessionPolicies(documents=(document,), arns=arns)


def inherited_tags(parent: SessionClaims | None) -> SessionTags:
    """The tags that sessions made with this session inherit."""
    if parent is None:
        return SessionTags()
    return SessionTags(tags=parent.inherited_tags, transitive=parent.transitive_tag_keys)


def session_tags(inherited: SessionTags, tags: Sequence[TagTypeDef], transitive: Sequence[str]) -> SessionTags:
    """The tags of a new session; raises Refused for a key that is repeated, reserved, inherited or not passed."""
    refuse_repeated(tags)
    spelling = {name_key(tag["Key"]): tag["Key"] for tag in tags}
    if any(map(_is_reserved, spelling)):
        raise refused("System tags cannot be added or updated by requester.")
    if any(name_key(key) in spelling for key in inherited.tags):
        raise refused(
            "One of the specified transitive tag keys can't be set because it conflicts with a transitive tag key from "
            "the calling session."
        )
    if any(name_key(key) not in spelling for key in transitive):
        raise refused("The specified transitive tag key must be included in the requested tags.")
    handed_down = dict.fromkeys(spelling[name_key(key)] for key in transitive)
    return SessionTags(
        tags={**inherited.tags, **{tag["Key"]: tag["Value"] for tag in tags}},
        transitive=(*inherited.transitive, *handed_down),
    )


def refuse_repeated(tags: Sequence[TagTypeDef]) -> None:
    """Raise Refused for two tags whose keys are the same, in whatever case."""
    if len({name_key(tag["Key"]) for tag in tags}) < len(tags):
        raise refused("Duplicate tag keys found. Please note that Tag keys are case insensitive.")


def packed_size(policies: SessionPolicies, tags: Tags) -> int | None:
    """PackedPolicySize, a percentage of PACKED_BYTES; None if there is nothing to pack. Raises Refused above 100."""
    of_tags = _bytes(*tags.keys(), *tags.values())
    tag_share = _percentage(of_tags, PACKED_BYTES)
    share = _percentage(of_tags + _bytes(*policies.documents, *policies.arns), PACKED_BYTES)
    if tag_share > 100:
        raise _too_large(f"Packed size of session tags consumes {tag_share}% of allotted space.")
    if share > 100:
        raise _too_large(f"Packed policy consumes {share}% of allotted space, please use smaller policy.")
    return share or None


def issue(call: Call | FederatedCall, claims: SessionClaims) -> dict[str, object]:
    """New temporary credentials, as members of an answer. Nothing is stored.

    Raises Refused if the claims do not fit into a session token.
    """
    try:
        issued = call.parts.tokens.issue(_with_origin(call, claims))
    except TokenTooLarge as fault:
        raise _too_large(str(fault)) from fault
    size = len(issued.session_token)
    return {
        "Credentials": {
            "AccessKeyId": issued.access_key_id,
            "SecretAccessKey": issued.secret_access_key,
            "SessionToken": issued.session_token,
            "Expiration": datetime.fromtimestamp(claims.expires_ms // 1000, UTC),
        },
        "SessionTokenSize": size,
        "SessionTokenUtilization": _percentage(size, MAX_TOKEN_CHARACTERS),
    }


def _with_origin(call: Call | FederatedCall, claims: SessionClaims) -> SessionClaims:
    """The claims with the access key that the caller's credentials go back to, if it has any."""
    return claims if isinstance(call, FederatedCall) else traced(claims, call.caller.credential, call.now_ms)


def _too_long(value: str, member: str, most: int) -> str:
    """STS's error for a value that is too long although the model has no limit. As in other such errors, it repeats the
    value."""
    return (
        f"1 validation error detected: Value '{value}' at '{member}' failed to satisfy constraint: "
        f"Member must have length less than or equal to {most}"
    )


def _too_large(message: str) -> Refused:
    return Refused("PackedPolicyTooLarge", message)


def refused(message: str) -> Refused:
    """The exception for tags that a session cannot have."""
    return Refused("InvalidParameterValue", message)


def _bytes(*texts: str) -> int:
    return sum(len(text.encode()) for text in texts)


def _percentage(size: int, most: int) -> int:
    return -(-100 * size // most)
