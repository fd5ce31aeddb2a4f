"""What is known of a kind of upstream: which operations it really does, and how it takes them.

A profile is a file of JSON, as `carnet gateway probe` writes it. Those in `profiles/` were measured.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache, reduce
from importlib.resources import files
from pathlib import Path
from typing import Literal

import msgspec
from msgspec import Struct

from carnet.gateway.upstreams.accounts_told import Accounts, read_accounts

_MOST_BYTES = 4 * 1024 * 1024


class Profile(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, rename="camel"):
    """The facts about a kind of upstream."""

    measured: str = ""
    """What was measured, and when."""
    accounts: str = ""
    """How it is told the account (`accounts_told`); empty if an upstreams file has to say."""
    host: Literal["own", "client"] = "own"
    """Whether it is sent the Host that the client has sent, since its answers have addresses made of it."""
    operations: Mapping[str, frozenset[str]]
    """By botocore's names of services.

    INVARIANT: an operation that is not here is not sent. An upstream that does not know one may do another.
    """
    literal_keys: bool = False
    """Whether it takes keys of objects as they are, also those with backslashes or parts that are empty or dots."""
    drops_cut_bodies: bool = False
    """Whether nothing is left of a body that ends before its declared length."""
    versions: bool = False
    """Whether it understands versionId. One that does not would act on the newest version instead."""
    preconditions: frozenset[str] = frozenset()
    """The preconditions of writes and deletes that it holds them to, such as `PutObject.IfNoneMatch`.

    INVARIANT: it is sent no other. A store that ignores one overwrites what it should keep.
    """
    key_id_in_ciphertext: bool = False
    """Whether a ciphertext of its KMS begins with the id of its key."""
    tells_keys: bool = False
    """Whether it keeps which key of AWS KMS a request names for an object, and tells that with the object."""
    customer_keys: bool = False
    """Whether it encrypts objects by keys that customers send (SSE-C), and hands none out without its key.

    INVARIANT: any other is sent no such key. It would keep the object as it is, for whoever may read it.
    """
    own_roles: bool = False
    """Whether it takes a function only with a role that it has made itself."""

    @property
    def services(self) -> frozenset[str]:
        return frozenset(self.operations)

    @property
    def told(self) -> Accounts | None:
        """How the upstream is told the account; None if the profile does not say. Raises ValueError."""
        return read_accounts(self.accounts) if self.accounts else None


class BadProfile(ValueError):
    """A profile in a file cannot be used."""


@cache
def shipped_profiles() -> Mapping[str, Profile]:
    """The profiles of the package, by their names."""
    directory = files("carnet.gateway.upstreams").joinpath("profiles")
    return {
        one.name.removesuffix(".json"): msgspec.json.decode(one.read_bytes(), type=Profile)
        for one in sorted(directory.iterdir(), key=lambda each: each.name)
        if one.name.endswith(".json")
    }


def written(profile: Profile) -> str:
    """The text of a profile's file."""
    operations = {service: sorted(names) for service, names in sorted(profile.operations.items())}
    told = {**msgspec.to_builtins(profile), "operations": operations, "preconditions": sorted(profile.preconditions)}
    return msgspec.json.format(msgspec.json.encode(told), indent=1).decode() + "\n"


def read_profile(path: Path) -> Profile:
    """The profile in a file. Raises BadProfile, in one line that names the file."""
    try:
        with path.open("rb") as file:
            text = file.read(_MOST_BYTES)
        profile = msgspec.json.decode(text, type=Profile)
        _ = profile.told
    except OSError as problem:
        raise BadProfile(f"{path}: {problem.strerror}") from problem
    except ValueError as problem:
        raise BadProfile(f"{path}: {problem}") from problem
    return profile


@cache
def unknown_profile() -> Profile:
    """What is expected of an upstream that nothing is known of: what all that were measured do."""
    return reduce(_of_both, shipped_profiles().values())


def _of_both(one: Profile, other: Profile) -> Profile:
    """The operations of both profiles. A service that only one of them has is taken from that one."""
    shared = {name: one.operations[name] & other.operations[name] for name in one.services & other.services}
    return Profile(
        operations={**one.operations, **other.operations, **shared},
        literal_keys=one.literal_keys and other.literal_keys,
        drops_cut_bodies=one.drops_cut_bodies and other.drops_cut_bodies,
        versions=one.versions and other.versions,
        tells_keys=one.tells_keys and other.tells_keys,
        customer_keys=one.customer_keys and other.customer_keys,
        preconditions=one.preconditions & other.preconditions,
        own_roles=one.own_roles and other.own_roles,
        key_id_in_ciphertext=one.key_id_in_ciphertext and other.key_id_in_ciphertext,
    )
