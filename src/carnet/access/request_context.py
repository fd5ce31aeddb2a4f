"""The condition keys of a request, as far as this server can know them.

https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_condition-keys.html
"""

from __future__ import annotations

import ipaddress
from collections.abc import Mapping
from datetime import datetime
from functools import lru_cache

from carnet.access.credential import Verified
from carnet.access.http_request import HttpRequest
from carnet.access.principals import principal_keys
from carnet.base.timestamps import iso_of_epoch
from carnet.directory.account_view import AccountView
from carnet.policy.request import Value


@lru_cache(4096)
def source_ip(peer: str) -> str:
    """The address as aws:SourceIp shows it: an IPv4-mapped IPv6 address is the IPv4 address."""
    try:
        address = ipaddress.ip_address(peer)
    except ValueError:
        return peer
    mapped = address.ipv4_mapped if isinstance(address, ipaddress.IPv6Address) else None
    return str(mapped or address)


def request_keys(http: HttpRequest, region: str, now: datetime) -> dict[str, Value]:
    """The keys that come from the request itself, whoever makes it."""
    epoch = int(now.timestamp())
    keys: dict[str, Value] = {
        "aws:CurrentTime": iso_of_epoch(epoch),
        "aws:EpochTime": str(epoch),
        "aws:SourceIp": source_ip(http.peer),
        "aws:SecureTransport": "true" if http.secure else "false",
        "aws:RequestedRegion": region,
        "aws:ViaAWSService": "false",
    }
    user_agent = http.first.get("user-agent")
    if user_agent is not None:
        keys["aws:UserAgent"] = user_agent
    referer = http.first.get("referer")
    if referer is not None:
        keys["aws:Referer"] = referer
    return keys


def caller_keys(view: AccountView, caller: Verified, now: datetime) -> Mapping[str, Value]:
    """The keys that the caller determines, whatever the request says."""
    keys = principal_keys(view, caller.credential)
    session = caller.credential.session
    if session is None or session.mfa_ms is None:
        return keys
    return {**keys, "aws:MultiFactorAuthAge": str(max(0, int(now.timestamp()) - session.mfa_ms // 1000))}
