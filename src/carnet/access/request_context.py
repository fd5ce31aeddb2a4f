"""The condition keys of a request that this server can know.

https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_condition-keys.html
"""

from __future__ import annotations

import ipaddress
from datetime import datetime
from functools import lru_cache
from types import MappingProxyType

from carnet.base.http import RequestHead
from carnet.base.timestamps import iso_of_epoch
from carnet.directory.organization_view import organization_in
from carnet.directory.snapshot import Snapshot
from carnet.identity.caller import AccountCaller, Anonymous, Bearer, Federated
from carnet.keyring.session_claims import SessionClaims
from carnet.policy.context_keys import RESOURCE_ACCOUNT
from carnet.policy.request import Context, Value, Values

HEADER_TEXT = 1_024
"""How many characters of a header become the value of a condition key. CloudTrail keeps as many of a user agent.

AWS documents no limit for `aws:UserAgent` and `aws:Referer`. Without a limit, every pattern of every policy would be
matched against headers of any length that HTTP lets through.
https://docs.aws.amazon.com/awscloudtrail/latest/userguide/cloudtrail-event-reference-record-contents.html
"""


_WITH_MFA: Values = MappingProxyType({"aws:MultiFactorAuthPresent": "true", "aws:MultiFactorAuthAge": "0"})


@lru_cache(4096)
def source_ip(peer: str) -> str:
    """The address as aws:SourceIp shows it: an IPv4-mapped IPv6 address is the IPv4 address."""
    try:
        address = ipaddress.ip_address(peer)
    except ValueError:
        return peer
    mapped = address.ipv4_mapped if isinstance(address, ipaddress.IPv6Address) else None
    return str(mapped or address)


def request_keys(http: RequestHead, region: str, now: datetime) -> Values:
    """The keys that come from the request itself, whoever the caller is; `region` is empty if it is not known."""
    user_agent, referer = _header_text(http, "user-agent"), _header_text(http, "referer")
    return _request_keys(int(now.timestamp()), http.peer, http.secure, region, user_agent, referer)


def _header_text(http: RequestHead, name: str) -> str | None:
    """The part of a header that conditions see; None if the request does not have the header."""
    text = http.first.get(name)
    return text[:HEADER_TEXT] if text is not None else None


@lru_cache(256)
def _request_keys(
    epoch: int, peer: str, secure: bool, region: str, user_agent: str | None, referer: str | None
) -> Values:
    """All requests that a client makes within one second share these keys. INVARIANT: they are never changed."""
    keys: dict[str, Value] = {
        "aws:CurrentTime": iso_of_epoch(epoch),
        "aws:EpochTime": str(epoch),
        "aws:SourceIp": source_ip(peer),
        "aws:SecureTransport": "true" if secure else "false",
        "aws:ViaAWSService": "false",
    }
    if region:
        keys["aws:RequestedRegion"] = region
    if user_agent is not None:
        keys["aws:UserAgent"] = user_agent
    if referer is not None:
        keys["aws:Referer"] = referer
    return MappingProxyType(keys)


def resource_keys(snapshot: Snapshot, account: str) -> Values:
    """The condition keys of every resource in an account. Raises Unavailable if its organization cannot be read."""
    org_path = snapshot.org_path_of(account)
    if org_path is None:
        return {RESOURCE_ACCOUNT: account}
    return {
        RESOURCE_ACCOUNT: account,
        "aws:ResourceOrgID": organization_in(org_path),
        "aws:ResourceOrgPaths": (org_path,),
    }


def _own_resource_keys(account: str, keys: Values) -> Values:
    """As `resource_keys`, for the caller's own account: the principal's keys name its organization."""
    if "aws:PrincipalOrgID" not in keys:
        return {RESOURCE_ACCOUNT: account}
    return {
        RESOURCE_ACCOUNT: account,
        "aws:ResourceOrgID": keys["aws:PrincipalOrgID"],
        "aws:ResourceOrgPaths": keys["aws:PrincipalOrgPaths"],
    }


def caller_context(
    keys: Values, caller: AccountCaller, http: RequestHead, now: datetime, *, with_mfa: bool = False
) -> Context:
    """The condition keys of a caller, of its request, and of a resource in its account.

    `with_mfa` says that an MFA code in this very call was right.
    """
    return Context(
        principal={**keys, **_WITH_MFA} if with_mfa else aged(keys, caller.credential.session, now),
        request=request_keys(http, caller.region, now),
        resource=_own_resource_keys(caller.principal.account, keys),
    )


def anonymous_context(
    keys: Values, caller: Anonymous | Bearer | Federated, http: RequestHead, now: datetime
) -> Context:
    """The condition keys of an anonymous, bearer or federated caller, and those of its request."""
    return Context(principal=keys, request=request_keys(http, caller.region, now))


def aged(keys: Values, session: SessionClaims | None, now: datetime) -> Values:
    """The caller's condition keys at this moment: aws:MultiFactorAuthAge changes with time."""
    if session is None or session.mfa_ms is None:
        return keys
    return {**keys, "aws:MultiFactorAuthAge": str(max(0, int(now.timestamp()) - session.mfa_ms // 1000))}
