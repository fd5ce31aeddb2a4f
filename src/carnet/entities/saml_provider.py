"""SAML providers: the identity providers whose assertions an account's roles may trust."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import ClassVar

from carnet.entities.entity import Entity

RESERVED_PROVIDER = re.compile(r"AWSSSO_.*_DO_NOT_DELETE", re.ASCII | re.IGNORECASE)
"""The names of those that IAM Identity Center makes in accounts, and keeps to itself."""


class EncryptionMode(StrEnum):
    """Whether assertions must be encrypted."""

    ALLOWED = "Allowed"
    REQUIRED = "Required"


@dataclass(frozen=True, kw_only=True, slots=True)
class SamlPrivateKey:
    """A private key that opens encrypted assertions, sealed."""

    id: str
    sealed: bytes = field(repr=False)
    created: datetime


@dataclass(frozen=True, kw_only=True, slots=True)
class SamlProvider(Entity):
    """An identity provider, as its metadata describes it."""

    resource_type: ClassVar[str] = "saml-provider"

    document: str = field(repr=False)
    """The metadata, as it was given."""
    certificates: Mapping[str, tuple[str, ...]]
    """Each issuer that the metadata describes to its signing certificates, base64 of DER."""
    valid_until: datetime | None = None
    """When the metadata is good no longer, if it says so."""
    encryption: EncryptionMode = EncryptionMode.ALLOWED
    private_keys: tuple[SamlPrivateKey, ...] = ()
    context_provider: Mapping[str, object] = field(default_factory=dict[str, object])
    """The settings of trusted identity propagation, by the model's names; empty for none."""
    identity_center_instance: str | None = None
    """The id of the instance of IAM Identity Center that is associated with it."""

    @property
    def is_reserved(self) -> bool:
        """Whether an AWS service alone may change it."""
        return RESERVED_PROVIDER.fullmatch(self.name) is not None
