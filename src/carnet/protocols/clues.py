"""What a request says about the service that it is for: credential scope, target header, host.

A clue is such a part of the request that names a service.

https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-create-signed-request.html
"""

from __future__ import annotations

from functools import cache, lru_cache
from typing import NamedTuple
from urllib.parse import unquote

from carnet.base.http import RequestHead
from carnet.models import SERVICES, service

_CREDENTIAL = "Credential="
_QUERY_CREDENTIAL = "X-Amz-Credential="
_TERMINATOR = "aws4_request"
_SCOPE_PARTS = 4
"""At least: five with a Region. Signature Version 4A has none, and who verifies says that it is not taken."""
_USUAL_LENGTH = 512
_AWS_DOMAINS = (".amazonaws.com", ".amazonaws.com.cn", ".api.aws")
_FIPS = "-fips"


class Clues(NamedTuple):
    """The services that the parts of a request name. They are only claims until the signature is checked."""

    scopes: frozenset[str]
    """Services of the credential scopes, as signing names; more than one only if the request contradicts itself."""
    targets: tuple[str, ...]
    """Every X-Amz-Target."""
    host: str | None
    """botocore's name of the service whose AWS host name the request is for; None for any other host."""
    media_type: str
    """In lower case, without parameters: https://www.rfc-editor.org/rfc/rfc9110#name-media-type."""


def read_clues(request: RequestHead) -> Clues:
    """Gather them; a part that cannot be read says nothing, and the verifier will refuse it."""
    first = request.first
    credential = _credential(first.get("authorization", ""))
    target, host, media = first.get("x-amz-target"), first.get("host", ""), first.get("content-type", "")
    long = len(credential) + len(target or "") + len(host) + len(media) > _USUAL_LENGTH
    if long or request.repeats or _QUERY_CREDENTIAL in request.query:
        credentials = [*map(_credential, request.header_all("authorization")), *_credentials_of(request.query)]
        return _clues(tuple(credentials), request.header_all("x-amz-target"), host, media)
    return _usual_clues((credential,), () if target is None else (target,), host, media)


def _credential(authorization: str) -> str:
    return authorization.partition(_CREDENTIAL)[2].partition(",")[0]


def _clues(credentials: tuple[str, ...], targets: tuple[str, ...], host: str, content_type: str) -> Clues:
    return Clues(
        scopes=frozenset([scope for text in credentials if (scope := _scope(text))]),
        targets=targets,
        host=_service_of_host(host),
        media_type=content_type.partition(";")[0].strip().lower(),
    )


_usual_clues = lru_cache(1024)(_clues)
"""The requests of one client say the same."""


def _credentials_of(query: str) -> list[str]:
    fields = (field.partition("=") for field in query.split("&"))
    return [unquote(value) for name, _, value in fields if f"{name}=" == _QUERY_CREDENTIAL]


def _scope(credential: str) -> str | None:
    """The service in `<key id>/<date>/<region>/<service>/aws4_request`, or in one without a Region."""
    parts = credential.strip().split("/")
    return parts[-2] if len(parts) >= _SCOPE_PARTS and parts[-1] == _TERMINATOR else None


def _service_of_host(host: str) -> str | None:
    name = host.partition(":")[0].lower()
    if not name.endswith(_AWS_DOMAINS):
        return None
    labels = name.split(".")
    prefixes = _endpoint_prefixes()
    pair = ".".join(labels[:2]).replace(_FIPS, "", 1)
    return prefixes.get(pair) or prefixes.get(labels[0].removesuffix(_FIPS))


@cache
def _endpoint_prefixes() -> dict[str, str]:
    return {service(name).endpoint_prefix: name for name in SERVICES}
