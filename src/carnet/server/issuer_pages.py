"""The documents with which other services verify the tokens that accounts issue: discovery and key sets.

https://openid.net/specs/openid-connect-discovery-1_0.html#ProviderConfig
"""

from __future__ import annotations

from collections.abc import Mapping

import orjson

from carnet.base.clock import Clock
from carnet.base.http import JSON, HttpResponse
from carnet.directory.directory import Directory
from carnet.entities.outbound_federation import OutboundFederation, SigningAlgorithm
from carnet.identity.outbound_keys import ISSUERS, OWN_CLAIMS, issuer_url

_DISCOVERY, _KEYS = ".well-known/openid-configuration", ".well-known/jwks.json"
_CACHED = ("cache-control", "public, max-age=300")


class IssuerPages:
    """Finds the page of an issuer by its path."""

    def __init__(self, directory: Directory, public_url: str, clock: Clock) -> None:
        self._directory = directory
        self._public_url = public_url
        self._clock = clock

    def find(self, path: str) -> HttpResponse | None:
        """The page; None for a path of no issuer. Keys stay published after tokens are no longer issued."""
        name, _, page = path.removeprefix(ISSUERS).partition("/")
        if not path.startswith(ISSUERS) or page not in (_DISCOVERY, _KEYS):
            return None
        federation = self._directory.snapshot.named(OutboundFederation, name)
        if federation is None:
            return None
        return _json(self._discovery(federation) if page == _DISCOVERY else self._keys(federation))

    def _discovery(self, federation: OutboundFederation) -> Mapping[str, object]:
        issuer = issuer_url(self._public_url, federation)
        return {
            "issuer": issuer,
            "jwks_uri": f"{issuer}/{_KEYS}",
            "response_types_supported": ["id_token"],
            "subject_types_supported": ["public"],
            "id_token_signing_alg_values_supported": [one.value for one in SigningAlgorithm],
            "claims_supported": ["sub", "iss", "aud", "exp", "iat", "jti", OWN_CLAIMS],
        }

    def _keys(self, federation: OutboundFederation) -> Mapping[str, object]:
        return {"keys": [dict(key.public) for key in federation.published(self._clock())]}


def _json(told: Mapping[str, object]) -> HttpResponse:
    return HttpResponse(status=200, headers=(("content-type", JSON), _CACHED), body=orjson.dumps(told))
