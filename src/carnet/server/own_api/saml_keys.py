"""What is asked about keys that sign in SAML: those of applications, and of authentication requests."""

from __future__ import annotations

from typing import Annotated, Literal

from msgspec import Meta

from carnet.identity.saml_signing_keys import NewKeyPair, new_key_pair
from carnet.server.own_api.endpoint import Input, OwnCall


class KeyChange(Input, frozen=True, kw_only=True):
    """What is to be done with the keys."""

    action: Literal["add", "use", "delete"]
    key_id: Annotated[str, Meta(max_length=64)] = ""
    """Which key is to sign, or to go."""


def new_key(call: OwnCall, given: KeyChange) -> NewKeyPair | None:
    """For `prepare=`: the key that is to be added, if one is."""
    return new_key_pair("Carnet", call.now) if given.action == "add" else None
