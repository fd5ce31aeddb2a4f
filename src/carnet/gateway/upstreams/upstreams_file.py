"""The file that describes upstreams, for `--upstreams`. `docs/gateway.md` describes its members."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Literal, TypeVar

import msgspec
import yaml
from msgspec import UNSET, Struct, UnsetType

from carnet.base import bounded_yaml
from carnet.gateway.upstreams.configured import Described, Mode, UpstreamProblem, check_name, checked_url
from carnet.gateway.upstreams.profile import BadProfile, Profile, read_profile, shipped_profiles, unknown_profile
from carnet.keyring.exposed_files import exposed

_ROOT, _UNKNOWN = "$", "Object contains unknown field `"
_T = TypeVar("_T")


class _InFile(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, rename="camel"):
    """One upstream of the file."""

    url: str
    profile: str | UnsetType = UNSET
    services: list[str] | UnsetType = UNSET
    accounts: str | UnsetType = UNSET
    host: Literal["own", "client"] | UnsetType = UNSET
    mode: Mode = Mode.ENFORCE
    access_key_id: str | UnsetType = UNSET
    secret_access_key: str | UnsetType = UNSET


class _File(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    upstreams: dict[str, Any]
    """Each is an `_InFile`, which is read by itself, so that a complaint tells its name."""


class ProblemInFile(UpstreamProblem):
    """The value in the file at `path` (`.upstreams.moto.url`) cannot be used."""

    def __init__(self, path: str, message: str, *, at_name: bool = False) -> None:
        super().__init__(message)
        self.path = path
        self.at_name = at_name
        """Whether it is the member's name that is wrong, and not its value."""


def read_upstreams_file(path: Path) -> tuple[Described, ...]:
    """The upstreams of a file of JSON or YAML, in its order. Raises UpstreamProblem."""
    try:
        data = bounded_yaml.load(path.read_bytes())
    except OSError as problem:
        raise UpstreamProblem(f"{path}: {problem.strerror}") from problem
    except bounded_yaml.TooMuch as problem:
        raise UpstreamProblem(f"{path}: {problem.problem}") from problem
    except (yaml.YAMLError, UnicodeDecodeError) as problem:
        raise UpstreamProblem(f"{path} is neither JSON nor YAML") from problem
    return described(data, path)


def described(data: object, path: Path) -> tuple[Described, ...]:
    """The upstreams that the data of the file at `path` describes, in its order. Raises UpstreamProblem."""
    file = _convert(data, _File, "")
    if not file.upstreams:
        raise ProblemInFile(".upstreams", "it describes no upstream")
    every = {name: _convert(one, _InFile, f".upstreams.{name}") for name, one in file.upstreams.items()}
    if any(one.secret_access_key is not UNSET for one in every.values()) and (why := exposed(path.stat())):
        raise UpstreamProblem(f"{path} holds a secret and {why}; make it 0600")
    return tuple(_read_upstream(name, one, path) for name, one in every.items())


def _read_upstream(name: str, one: _InFile, path: Path) -> Described:
    at = f".upstreams.{name}"
    if (one.access_key_id is UNSET) != (one.secret_access_key is UNSET):
        raise ProblemInFile(at, "accessKeyId and secretAccessKey go together")
    try:
        check_name(name)
        url = checked_url(name, one.url)
        profile = _profile(name, one, path)
    except (UpstreamProblem, BadProfile) as problem:
        raise ProblemInFile(at, str(problem)) from problem
    given: dict[str, Any] = {}
    if one.services is not UNSET:
        given["services"] = frozenset(one.services)
    if one.accounts is not UNSET:
        given["accounts"] = one.accounts
    if one.host is not UNSET:
        given["clients_host"] = one.host == "client"
    if one.access_key_id is not UNSET and one.secret_access_key is not UNSET:
        given["key"] = (one.access_key_id, one.secret_access_key)
    return Described(name=name, url=url, profile=profile, mode=one.mode, **given)


def _profile(name: str, one: _InFile, path: Path) -> Profile:
    """What the file names, or that of the upstream's own name; else what all have that were measured."""
    shipped: Mapping[str, Profile] = shipped_profiles()
    if one.profile is UNSET:
        return shipped.get(name) or unknown_profile()
    if "/" in one.profile or one.profile.endswith(".json"):
        return read_profile(path.parent / one.profile)
    if one.profile not in shipped:
        raise BadProfile(f"there is no profile {one.profile}: {', '.join(shipped)}, or a file such as ./mine.json")
    return shipped[one.profile]


def _convert(data: object, kind: type[_T], at: str) -> _T:
    """Raises ProblemInFile, of msgspec's sentence: `Expected str, got int - at $.url`."""
    try:
        return msgspec.convert(data, kind)
    except msgspec.ValidationError as problem:
        sentence, _, place = str(problem).partition(" - at `")
        path = at + place.rstrip("`").removeprefix(_ROOT)
        if sentence.startswith(_UNKNOWN):
            unknown = sentence.removeprefix(_UNKNOWN).removesuffix("`")
            raise ProblemInFile(f"{path}.{unknown}", f"there is no member {unknown} here", at_name=True) from problem
        raise ProblemInFile(path, sentence) from problem
