"""What a request says about the service that it is for: credential scope, target header, host.

https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-create-signed-request.html
"""

from __future__ import annotations

from functools import cache
from typing import NamedTuple
from urllib.parse import unquote

from carnet.access.http_request import HttpRequest
from carnet.models import SERVICES, service

_CREDENTIAL = "Credential="
_QUERY_CREDENTIAL = "X-Amz-Credential="
_TERMINATOR = "aws4_request"
_SCOPE_PARTS = 5
_AWS_DOMAINS = (".amazonaws.com", ".amazonaws.com.cn", ".api.aws")
_FIPS = "-fips"
_TELLING = frozenset({"authorization", "x-amz-target", "host", "content-type"})


class Clues(NamedTuple):
    """The services that the parts of a request name. They are only claims until the signature is checked."""

    scopes: frozenset[str]
    """Services of the credential scopes, as signing names; more than one only where the request contradicts itself."""
    targets: tuple[str, ...]
    """Every X-Amz-Target."""
    host: str | None
    """botocore's name of the service whose AWS host name the request is for; None for any other host."""
    media_type: str


def read_clues(request: HttpRequest) -> Clues:
    """Gather them; a part that cannot be read says nothing, and the verifier will refuse it."""
    credentials, targets, host, media_type = [], [], "", ""
    for name, value in request.headers:
        if name not in _TELLING:
            continue
        if name == "authorization":
            credentials.append(value.partition(_CREDENTIAL)[2].partition(",")[0])
        elif name == "x-amz-target":
            targets.append(value)
        elif name == "host":
            host = value
        else:
            media_type = value.partition(";")[0].strip()
    if _QUERY_CREDENTIAL in request.query:
        credentials.extend(_credentials_of(request.query))
    scopes = frozenset([scope for text in credentials if (scope := _scope(text))])
    return Clues(scopes=scopes, targets=tuple(targets), host=_service_of_host(host), media_type=media_type)


def _credentials_of(query: str) -> list[str]:
    fields = (field.partition("=") for field in query.split("&"))
    return [unquote(value) for name, _, value in fields if f"{name}=" == _QUERY_CREDENTIAL]


def _scope(credential: str) -> str | None:
    """The service in `<key id>/<date>/<region>/<service>/aws4_request`."""
    parts = credential.strip().split("/")
    return parts[-2] if len(parts) >= _SCOPE_PARTS and parts[-1] == _TERMINATOR else None


def _service_of_host(host: str) -> str | None:
    name = host.partition(":")[0]
    if not name.endswith(_AWS_DOMAINS):
        return None
    labels = name.split(".")
    prefixes = _endpoint_prefixes()
    pair = ".".join(labels[:2]).replace(_FIPS, "", 1)
    return prefixes.get(pair) or prefixes.get(labels[0].removesuffix(_FIPS))


@cache
def _endpoint_prefixes() -> dict[str, str]:
    return {service(name).endpoint_prefix: name for name in SERVICES}
