"""Measures an upstream: a profile of it."""

from __future__ import annotations

from collections.abc import Callable, Collection

from carnet.base.clock import Clock
from carnet.catalog.operations import services as mapped_services
from carnet.gateway.upstreams.probe.asking import Upstream
from carnet.gateway.upstreams.probe.other_services import (
    ACCOUNT,
    account_of_made,
    key_id_in_ciphertext,
    known_operations,
    ways_to_tell,
)
from carnet.gateway.upstreams.probe.s3_probe import S3Measured, measure_s3
from carnet.gateway.upstreams.profile import Profile
from carnet.sigv4.signing import SigningCredentials

S3 = "s3"
MEASURABLE = mapped_services()
_NO_STORE = S3Measured(
    operations=frozenset(),
    preconditions=frozenset(),
    versions=False,
    tells_keys=False,
    customer_keys=False,
    literal_keys=False,
    drops_cut_bodies=False,
)


def measured(
    url: str,
    credentials: SigningCredentials | None,
    services: Collection[str],
    called: str,
    clock: Clock,
    tell: Callable[[str], None],
) -> Profile:
    """The profile of the upstream at an address. `tell` hears of what it does not do.

    Raises botocore's exceptions if it does not answer. Without credentials it is asked as emulators are.
    """
    plain = credentials or SigningCredentials(access_key_id="carnet", secret_access_key="carnet")  # noqa: S106
    upstream = Upstream(url, plain)
    accounts = "shared" if set(services) <= {S3} else ""
    if not accounts and credentials is None:
        for way, key_id, headers in ways_to_tell():
            asked = Upstream(url, SigningCredentials(access_key_id=key_id, secret_access_key="carnet"), headers)  # noqa: S106
            if account_of_made(asked) == ACCOUNT:
                accounts, upstream = way, asked
                break
    store = measure_s3(upstream, tell) if S3 in services else _NO_STORE
    others = {name: known_operations(upstream, name, tell) for name in sorted(set(services) - {S3})}
    found = {S3: store.operations, **others}
    return Profile(
        measured=f"{called}, {clock():%Y-%m-%d}",
        accounts=accounts,
        host="own" if accounts == "shared" else "client",
        operations={name: operations for name, operations in sorted(found.items()) if operations},
        literal_keys=store.literal_keys,
        drops_cut_bodies=store.drops_cut_bodies,
        versions=store.versions,
        tells_keys=store.tells_keys,
        customer_keys=store.customer_keys,
        preconditions=store.preconditions,
        key_id_in_ciphertext="kms" in services and key_id_in_ciphertext(upstream),
    )
