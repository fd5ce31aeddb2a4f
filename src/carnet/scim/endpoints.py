"""The endpoints of a SCIM server."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple, TypeAlias

from carnet.base.http import HttpResponse
from carnet.scim.calls import ScimCall
from carnet.scim.refusals import Refusal, missing
from carnet.services.operation import Parts

Body: TypeAlias = Callable[[ScimCall, Parts, str | None], dict[str, Any]]


class Endpoint(NamedTuple):
    """A method on all resources of a kind, or on the one whose id the body gets."""

    name: str
    body: Body
    status: int = 200
    writes: bool = True


Endpoints: TypeAlias = Mapping[tuple[str, str], Endpoint]
"""By method and path, below the tenant's."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Mode:
    """A mode of SCIM: that of AWS, or that of the RFCs."""

    path: str
    """Of the mode, below the tenant's."""
    of_all: Endpoints
    of_one: Endpoints
    """By the path without the id."""
    not_done: frozenset[str] = frozenset()
    """Of RFC 7644, and not carried out here."""
    written: Callable[[Refusal, str, datetime], HttpResponse]
    """The answer that tells of a refusal, of the request with that id, at that time."""

    def endpoint(self, method: str, place: list[str]) -> tuple[Endpoint, str | None]:
        """The endpoint of a request, and the id of the resource. Raises Refusal if there is none."""
        if place[0] in self.not_done:
            raise Refusal(501, f"/{place[0]} is not supported.")
        whole = "/".join(place)
        if (method, whole) in self.of_all:
            return self.of_all[method, whole], None
        if len(place) == 2 and (method, place[0]) in self.of_one:
            return self.of_one[method, place[0]], place[1]
        known = any(path == whole for _, path in self.of_all)
        if known or (len(place) == 2 and any(path == place[0] for _, path in self.of_one)):
            raise Refusal(405, "The method is not supported here.")
        raise missing()
