"""Which upstreams there are, and how each wants to be spoken to."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from urllib.parse import urlsplit

from carnet.base.arns import ACCOUNT_ID
from carnet.models import FORWARDED
from carnet.sigv4.signing import SigningCredentials

_NAME = re.compile(r"[a-z][a-z0-9-]{0,31}", re.ASCII)
_VARIABLE = "CARNET_UPSTREAM_{}_{}"
_NOBODYS = SigningCredentials(access_key_id="carnet", secret_access_key="carnet")  # noqa: S106
"""For upstreams that ask nobody who he is."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Accounts:
    """How an upstream is told whose resources a request is about."""

    header: str = ""
    """The header that has the account's id; empty if the upstream knows one account only."""
    by_access_key: bool = False
    """Whether an access key id of twelve digits stands for the account."""
    single: str = ""
    """The one account that it stands for. Requests about another's resources are not sent to it."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Profile:
    """What is known of a kind of upstream."""

    services: frozenset[str]
    """By the names that requests are signed for."""
    accounts: Accounts
    clients_host: bool = False
    """Whether it is sent the Host that the client has sent, since its answers have addresses made of it."""


PROFILES: Mapping[str, Profile] = {
    "moto": Profile(services=frozenset(FORWARDED), accounts=Accounts(header="x-moto-account-id"), clients_host=True),
    "ministack": Profile(services=frozenset(FORWARDED), accounts=Accounts(by_access_key=True), clients_host=True),
    "localstack": Profile(services=frozenset(FORWARDED), accounts=Accounts(by_access_key=True), clients_host=True),
}
"""By the names that `--upstream` takes."""


@dataclass(frozen=True, kw_only=True, slots=True)
class UpstreamSettings:
    """One upstream."""

    name: str
    url: str
    profile: Profile
    credentials: SigningCredentials = field(default=_NOBODYS, repr=False)
    """Its own key, if it asks for one."""


class UpstreamProblem(ValueError):
    """What an operator wrote of an upstream cannot be used."""


def read_upstreams(text: str, environment: Mapping[str, str]) -> tuple[UpstreamSettings, ...]:
    """What `NAME=URL NAME=URL` says, with the keys that the environment has of them.

    Raises UpstreamProblem for what cannot be read, a kind of upstream that is not known, and two for one service.
    """
    found = tuple(_with_key(_read(one), environment) for one in text.split())
    taken: dict[str, str] = {}
    for upstream in found:
        for service in upstream.profile.services:
            if service in taken:
                raise UpstreamProblem(f"{service} is of two upstreams, {taken[service]} and {upstream.name}")
            taken[service] = upstream.name
    return found


def _read(text: str) -> UpstreamSettings:
    name, equals, url = text.partition("=")
    if not equals or not _NAME.fullmatch(name):
        raise UpstreamProblem(f"{_shown(text)} is not NAME=URL, such as moto=http://127.0.0.1:5000")
    profile = PROFILES.get(name)
    if profile is None:
        raise UpstreamProblem(f"{name} is no kind of upstream that is known: {', '.join(sorted(PROFILES))}")
    parts = urlsplit(url)
    if parts.username is not None or parts.password is not None:
        variable = _VARIABLE.format(_in_variable(name), "ACCESS_KEY_ID")
        raise UpstreamProblem(f"the address of {name} holds a secret; its key comes from {variable}")
    plain = parts.path in ("", "/") and not (parts.query or parts.fragment)
    try:
        whole = parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0 and plain
    except ValueError:
        whole = False
    if not whole:
        raise UpstreamProblem(f"{url} is no address of an upstream, such as http://127.0.0.1:5000")
    return UpstreamSettings(name=name, url=url.rstrip("/"), profile=profile)


def _with_key(upstream: UpstreamSettings, environment: Mapping[str, str]) -> UpstreamSettings:
    id_variable, secret_variable = (
        _VARIABLE.format(_in_variable(upstream.name), part) for part in ("ACCESS_KEY_ID", "SECRET_ACCESS_KEY")
    )
    key_id, secret = environment.get(id_variable), environment.get(secret_variable)
    if (key_id is None) != (secret is None):
        raise UpstreamProblem(f"{id_variable} and {secret_variable} go together")
    if key_id is None or secret is None:
        return upstream
    if upstream.profile.accounts.by_access_key:
        raise UpstreamProblem(
            f"{upstream.name} is told the account by the access key id, so it can have no key of its own"
        )
    return replace(upstream, credentials=SigningCredentials(access_key_id=key_id, secret_access_key=secret))


def _in_variable(name: str) -> str:
    return name.upper().replace("-", "_")


def _shown(text: str) -> str:
    """What was written, without what may be a secret."""
    return text.rpartition("@")[2]


def for_account(
    upstream: UpstreamSettings, account: str
) -> tuple[SigningCredentials, tuple[tuple[str, str], ...]] | None:
    """With what a request about an account's resources is signed, and the headers that name the account.

    None if the upstream does not stand for that account.
    """
    accounts = upstream.profile.accounts
    if not ACCOUNT_ID.fullmatch(account) or (accounts.single and accounts.single != account):
        return None
    if accounts.by_access_key:
        return SigningCredentials(access_key_id=account, secret_access_key=upstream.credentials.secret_access_key), ()
    return upstream.credentials, ((accounts.header, account),) if accounts.header else ()
