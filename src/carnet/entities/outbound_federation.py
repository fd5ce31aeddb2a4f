"""Outbound web identity federation of an account: it issues tokens that say who its principals are, to other services.

https://docs.aws.amazon.com/IAM/latest/UserGuide/id_roles_providers_outbound.html
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from enum import StrEnum

RETIRED_FOR = timedelta(days=1)
"""How long a key is published that signs no more: longer than any token lives that it signed."""


class SigningAlgorithm(StrEnum):
    """What tokens can be signed with."""

    RS256 = "RS256"
    ES384 = "ES384"


@dataclass(frozen=True, kw_only=True, slots=True)
class SigningKey:
    """A key pair of an account. `public` is as a key set has it; `sealed` is the private key, sealed."""

    kid: str
    algorithm: SigningAlgorithm
    public: Mapping[str, str]
    sealed: bytes = field(repr=False)
    retired: datetime | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class OutboundFederation:
    """Whether an account issues tokens, under which name, and its keys: one of each algorithm that is not retired."""

    account: str
    issuer: str
    """A random name, which its issuer's URL ends in. It is never changed."""
    enabled: bool
    keys: tuple[SigningKey, ...]
    created: datetime

    @property
    def id(self) -> str:
        return self.account

    def key(self, algorithm: SigningAlgorithm) -> SigningKey:
        """The key that signs with that algorithm."""
        return next(key for key in self.keys if key.algorithm is algorithm and key.retired is None)

    def published(self, now: datetime) -> tuple[SigningKey, ...]:
        """The keys that tokens may be signed with which are not over yet."""
        return tuple(key for key in self.keys if key.retired is None or now - key.retired < RETIRED_FOR)

    def with_keys(self, keys: tuple[SigningKey, ...], now: datetime) -> OutboundFederation:
        """With these keys to sign with; the former ones are retired."""
        former = tuple(replace(key, retired=key.retired or now) for key in self.published(now))
        return replace(self, enabled=True, keys=(*keys, *former))
