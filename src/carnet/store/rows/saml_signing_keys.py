"""How keys that sign in SAML stand in a column. They are sealed before they get here."""

from __future__ import annotations

import base64
from collections.abc import Mapping
from typing import Any

from carnet.entities.saml_signing_key import SamlSigningKey, SamlSigningKeys
from carnet.store.codec import json_text, moment, read_moment, read_objects


def written_keys(keys: SamlSigningKeys) -> str:
    return json_text([_key_json(key) for key in keys])


def read_keys(text: str) -> SamlSigningKeys:
    return tuple(map(_read_key, read_objects(text)))


def _key_json(key: SamlSigningKey) -> Mapping[str, object]:
    return {
        "id": key.id,
        "certificate": key.certificate,
        "sealed": base64.b64encode(key.sealed).decode("ascii"),
        "created": moment(key.created),
        "expires": moment(key.expires),
    }


def _read_key(key: Mapping[str, Any]) -> SamlSigningKey:
    return SamlSigningKey(
        id=key["id"],
        certificate=key["certificate"],
        sealed=base64.b64decode(key["sealed"], validate=True),
        created=read_moment(key["created"]),
        expires=read_moment(key["expires"]),
    )
