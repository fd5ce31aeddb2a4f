"""The recipients that assertions may be made for: the addresses and names of AWS's sign-in, and Carnet's own.

https://docs.aws.amazon.com/general/latest/gr/signin-service.html
"""

from __future__ import annotations

from dataclasses import dataclass

from carnet.catalog.regions import REGIONS

_HOSTS = {
    "aws": "signin.aws.amazon.com",
    "aws-cn": "signin.amazonaws.cn",
    "aws-us-gov": "signin.amazonaws-us-gov.com",
    "aws-eusc": "signin.amazonaws-eusc.eu",
    "aws-iso": "signin.c2shome.ic.gov",
    "aws-iso-b": "signin.sc2shome.sgov.gov",
}
"""Partition to the host of its sign-in. Those of other partitions are not published."""
_PATHS = ("/saml", "/static/saml")
_AUDIENCE = "urn:amazon:webservices"


@dataclass(frozen=True, slots=True, kw_only=True)
class RelyingParty:
    """The names and addresses that an identity provider may use for this server."""

    recipients: frozenset[str]
    audiences: frozenset[str]


def relying_party(partition: str, public_url: str, provider_id: str, *, encrypted_only: bool) -> RelyingParty:
    """The relying party for the assertions of one SAML provider. If they must be encrypted, their address contains the
    provider, as on AWS."""
    own = [f"{address}/saml/acs/{provider_id}" for address in _addresses(partition, public_url)]
    if encrypted_only:
        return RelyingParty(recipients=frozenset(own), audiences=frozenset((*own, *_names(partition))))
    shared = [f"{address}{path}" for address in _addresses(partition, public_url) for path in _PATHS]
    return RelyingParty(recipients=frozenset((*shared, *own)), audiences=frozenset((*shared, *own, *_names(partition))))


def _addresses(partition: str, public_url: str) -> tuple[str, ...]:
    host = _HOSTS.get(partition)
    if host is None:
        return (public_url,)
    return (public_url, f"https://{host}", *(f"https://{region}.{host}" for region in _regions(partition)))


def _names(partition: str) -> tuple[str, ...]:
    """`urn:amazon:webservices`, and the names in partitions other than aws."""
    regional = (f"{_AUDIENCE}:{region}" for region in _regions(partition)) if partition == "aws-cn" else ()
    gov = (f"{_AUDIENCE}:govcloud",) if partition == "aws-us-gov" else ()
    return (_AUDIENCE, *regional, *gov)


def _regions(partition: str) -> tuple[str, ...]:
    return tuple(region.name for region in REGIONS.get(partition, ()))
