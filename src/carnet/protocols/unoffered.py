"""Requests for services of AWS that are not offered here: which service, and in which of its protocols it is spoken to.

No model is loaded for them, and nothing of the body is read before the caller is authenticated.
"""

from __future__ import annotations

from enum import StrEnum

from msgspec import Struct

from carnet.base.http import HttpRequest
from carnet.catalog.apis import Api, apis
from carnet.models import OLDER_FORMS, Protocol
from carnet.protocols.clues import Clues
from carnet.protocols.errors import WireError

_CBOR_HEADER, _CBOR = "smithy-protocol", "rpc-v2-cbor"
_QUERY_KIN = ("ec2", "query")
_S3 = "s3"
S3_CONTROL = "/v20180820/"


class Dialect(StrEnum):
    """The forms that AWS's services tell an error in."""

    QUERY = "query"
    EC2 = "ec2"
    JSON = "json"
    CBOR = "smithy-rpc-v2-cbor"
    REST_JSON = "rest-json"
    REST_XML = "rest-xml"
    S3 = "s3"


class Unoffered(Struct, frozen=True, kw_only=True):
    """What is known of such a request before anybody is authenticated."""

    signing_name: str
    apis: tuple[Api, ...]
    """The services that it may be for: those that sign alike and are spoken to in this form."""
    dialect: Dialect
    target: str = ""
    """X-Amz-Target; empty if there is none."""
    unsigned: str = ""
    """The operation, if the request has no signature and needs none; else empty."""

    @property
    def name(self) -> str:
        """The service by botocore's name, if that is known; else by the one that its requests are signed for."""
        return self.apis[0].name if len(self.apis) == 1 else self.signing_name

    @property
    def event_source(self) -> str:
        """The service as CloudTrail calls it."""
        return f"{self.signing_name}.amazonaws.com"


class NotOffered(WireError):
    """The request is for a service that is not offered here: `asked`."""

    def __init__(self, asked: Unoffered) -> None:
        super().__init__("NotImplemented", f"Carnet does not offer {asked.name}.", Protocol.QUERY)
        self.asked = asked


def signed_for(scope: str, clues: Clues, request: HttpRequest) -> Unoffered | None:
    """The service of AWS that a credential scope names; None if AWS has none of that signing name."""
    candidates = apis().by_signing_name.get(scope)
    if candidates is None:
        return None
    target = clues.targets[0] if len(clues.targets) == 1 else ""
    dialect = _dialect(candidates, bool(clues.targets), request)
    return Unoffered(signing_name=scope, apis=candidates, dialect=dialect, target=target)


def _dialect(candidates: tuple[Api, ...], targeted: bool, request: HttpRequest) -> Dialect:
    spoken = {protocol for api in candidates for protocol in api.protocols}
    if request.header(_CBOR_HEADER) == _CBOR:
        return Dialect.CBOR
    if targeted:
        return Dialect.JSON
    if candidates[0].name in OLDER_FORMS:
        return Dialect.QUERY
    if request.path == "/":
        for protocol in _QUERY_KIN:
            if protocol in spoken:
                return Dialect(protocol)
    if Dialect.REST_XML in spoken:
        is_s3 = candidates[0].signing_name.startswith(_S3) and not request.path.startswith(S3_CONTROL)
        return Dialect.S3 if is_s3 else Dialect.REST_XML
    return Dialect.REST_JSON if Dialect.REST_JSON in spoken else Dialect.JSON


def unsigned_operation(clues: Clues, action: str, version: str) -> Unoffered | None:
    """The operation of a request without a signature, if it needs none; `action` and `version` are of its form."""
    if len(clues.targets) == 1:
        prefix, _, name = clues.targets[0].partition(".")
        found, dialect = apis().by_target_prefix.get(prefix, ()), Dialect.JSON
    else:
        found, name, dialect = apis().by_api_version.get(version, ()), action, Dialect.QUERY
    for api in found:
        if name in api.unsigned:
            return Unoffered(signing_name=api.signing_name, apis=(api,), dialect=dialect, unsigned=name)
    return None
