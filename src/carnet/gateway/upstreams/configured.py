"""The configured upstreams, their services, and how each of them is called."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from functools import lru_cache
from typing import Any
from urllib.parse import urlsplit

from carnet.base.arns import ACCOUNT_ID
from carnet.gateway.upstreams import customer_keys, preconditions
from carnet.gateway.upstreams.accounts_told import ACCOUNTS_RULE, SHARED_BY, Accounts, read_accounts
from carnet.gateway.upstreams.profile import Profile, shipped_profiles
from carnet.sigv4.signing import SigningCredentials

_NAME = re.compile(r"[a-z][a-z0-9-]{0,31}", re.ASCII)
_VARIABLE = "CARNET_UPSTREAM_{}_{}"
_S3 = "s3"
_NOBODYS = SigningCredentials(access_key_id="carnet", secret_access_key="carnet")  # noqa: S106
"""For upstreams that do not look who calls."""


class Mode(StrEnum):
    """What happens to a request that no policy allows."""

    ENFORCE = "enforce"
    RECORD = "record"
    """It is sent on all the same, and the audit log has the decision."""


@dataclass(frozen=True, kw_only=True, slots=True)
class UpstreamSettings:
    """One upstream."""

    name: str
    url: str
    profile: Profile
    accounts: Accounts
    services: frozenset[str]
    """Those that are its own, by botocore's names; its profile has more if another upstream has them."""
    clients_host: bool = False
    """Whether it is sent the Host that the client has sent."""
    mode: Mode = Mode.ENFORCE
    credentials: SigningCredentials = field(default=_NOBODYS, repr=False)
    """Its own key, if it asks for one."""

    def does(self, service: str, operation: str, given: Mapping[str, Any] | None = None) -> bool:
        """Whether its profile lists the operation, with this input. INVARIANT: nothing else is sent to it."""
        if service not in self.services or operation not in self.profile.operations[service]:
            return False
        if service != _S3 or given is None:
            return True
        is_held = all(one in self.profile.preconditions for one in preconditions.asked(operation, given))
        is_sealed = self.profile.customer_keys or not customer_keys.has_customer_key(given)
        return is_held and is_sealed and (self.profile.versions or not _names_version(given))


@dataclass(frozen=True, kw_only=True, slots=True)
class Described:
    """An upstream as an operator describes it; None means the setting of its profile."""

    name: str
    url: str
    profile: Profile
    services: frozenset[str] | None = None
    accounts: str | None = None
    clients_host: bool | None = None
    mode: Mode = Mode.ENFORCE
    key: tuple[str, str] | None = field(default=None, repr=False)
    """Its own access key: id and secret."""


class UpstreamProblem(ValueError):
    """An operator's configuration of an upstream cannot be used."""


def read_upstreams(
    text: str, environment: Mapping[str, str], described: Iterable[Described] = ()
) -> tuple[UpstreamSettings, ...]:
    """Those of a file (`upstreams_file`) and those of `NAME=URL NAME=URL`, with the keys that the environment has.

    Each service is of the upstream that names it, else of the first whose profile has it. Raises UpstreamProblem for
    what cannot be read, a kind of upstream that is not known, two for one service, and one for none.
    """
    every = (*described, *map(_read_option, text.split()))
    named: dict[str, str] = {}
    for one in every:
        if [other.name for other in every].count(one.name) > 1:
            raise UpstreamProblem(f"there are two upstreams of the name {one.name}")
        for service in sorted(one.services or ()):
            if service in named:
                raise UpstreamProblem(f"{service} is of two upstreams, {named[service]} and {one.name}")
            named[service] = one.name
    taken = set(named)
    found: list[UpstreamSettings] = []
    for one in every:
        services = one.profile.services - taken if one.services is None else one.services
        if not services:
            raise UpstreamProblem(f"{one.name} would have no service: other upstreams have all that it could")
        taken |= services
        found.append(_settings(one, services, environment))
    return tuple(found)


def _names_version(given: Mapping[str, Any]) -> bool:
    """Whether an input of Amazon S3 names a version of an object."""
    copied = given.get("CopySource")
    deleted = given.get("Delete")
    return (
        "VersionId" in given
        or (isinstance(copied, str) and "versionId=" in copied)
        or (isinstance(deleted, Mapping) and any("VersionId" in one for one in deleted.get("Objects", ())))
    )


def check_name(name: str) -> None:
    """Raises UpstreamProblem for a text that is no name of an upstream."""
    if not _NAME.fullmatch(name):
        raise UpstreamProblem(f"{name!r} is no name of an upstream: lower-case letters, digits and hyphens, as moto")


def checked_url(name: str, url: str) -> str:
    """The URL, without a slash at its end. Raises UpstreamProblem."""
    parts = urlsplit(url)
    if parts.username is not None or parts.password is not None:
        raise UpstreamProblem(f"the address of {name} holds a secret; its key comes from {_key_variables(name)[0]}")
    plain = parts.path in ("", "/") and not (parts.query or parts.fragment)
    try:
        whole = parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0 and plain
    except ValueError:
        whole = False
    if not whole:
        raise UpstreamProblem(f"{url} is no address of an upstream, such as http://127.0.0.1:5000")
    return url.rstrip("/")


def _read_option(text: str) -> Described:
    name, equals, url = text.partition("=")
    if not equals or not _NAME.fullmatch(name):
        raise UpstreamProblem(f"{_without_secret(text)} is not NAME=URL, such as moto=http://127.0.0.1:5000")
    profile = shipped_profiles().get(name)
    if profile is None:
        raise UpstreamProblem(
            f"{name} is no kind of upstream that is known: {', '.join(shipped_profiles())}. "
            "Another is described in a file, with --upstreams"
        )
    return Described(name=name, url=checked_url(name, url), profile=profile)


def _settings(one: Described, services: frozenset[str], environment: Mapping[str, str]) -> UpstreamSettings:
    unknown = services - one.profile.services
    if unknown:
        raise UpstreamProblem(f"the profile of {one.name} has no operation of {', '.join(sorted(unknown))}")
    accounts = _accounts(one, services)
    key = one.key or key_in(environment, one.name)
    if key is not None and accounts.by_access_key:
        raise UpstreamProblem(f"{one.name} is told the account by the access key id, so it can have no key of its own")
    credentials = SigningCredentials(access_key_id=key[0], secret_access_key=key[1]) if key is not None else _NOBODYS
    return UpstreamSettings(
        name=one.name,
        url=one.url,
        profile=one.profile,
        accounts=accounts,
        services=services,
        clients_host=one.profile.host == "client" if one.clients_host is None else one.clients_host,
        mode=one.mode,
        credentials=credentials,
    )


def _accounts(one: Described, services: frozenset[str]) -> Accounts:
    text = one.profile.accounts if one.accounts is None else one.accounts
    if not text:
        raise UpstreamProblem(f"how {one.name} is told the account is not known: accounts must be {ACCOUNTS_RULE}")
    try:
        accounts = read_accounts(text)
    except ValueError as problem:
        raise UpstreamProblem(f"{one.name}: {problem}") from problem
    if accounts.shared and not services <= SHARED_BY:
        others = ", ".join(sorted(services - SHARED_BY))
        raise UpstreamProblem(f"accounts of {one.name} is shared, and the resources of {others} have names of accounts")
    return accounts


def key_in(environment: Mapping[str, str], name: str) -> tuple[str, str] | None:
    """The own key of the upstream of that name, if the environment has one. Raises UpstreamProblem for half a key."""
    id_variable, secret_variable = _key_variables(name)
    key_id, secret = environment.get(id_variable), environment.get(secret_variable)
    if (key_id is None) != (secret is None):
        raise UpstreamProblem(f"{id_variable} and {secret_variable} go together")
    return (key_id, secret) if key_id is not None and secret is not None else None


def _key_variables(name: str) -> tuple[str, str]:
    in_variable = name.upper().replace("-", "_")
    return _VARIABLE.format(in_variable, "ACCESS_KEY_ID"), _VARIABLE.format(in_variable, "SECRET_ACCESS_KEY")


def key_refused(name: str) -> str:
    """What is said of an upstream that does not accept the key by which it is asked."""
    return f"the upstream does not accept the gateway's own key ({' and '.join(_key_variables(name))})"


def _without_secret(text: str) -> str:
    """The operator's text, without parts that may be secret."""
    return text.rpartition("@")[2]


def for_account(
    upstream: UpstreamSettings, account: str
) -> tuple[SigningCredentials, tuple[tuple[str, str], ...]] | None:
    """With what a request about an account's resources is signed, and the headers that name the account.

    None if the upstream does not stand for that account.
    """
    accounts = upstream.accounts
    if not ACCOUNT_ID.fullmatch(account) or (accounts.single and accounts.single != account):
        return None
    if accounts.by_access_key:
        return _credentials_of(account, upstream.credentials.secret_access_key), ()
    return upstream.credentials, ((accounts.header, account),) if accounts.header else ()


@lru_cache(1024)
def _credentials_of(account: str, secret: str) -> SigningCredentials:
    """The same for each request, with the keys that are derived from the secret."""
    return SigningCredentials(access_key_id=account, secret_access_key=secret)
