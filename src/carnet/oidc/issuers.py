"""The keys of all issuers: from a file, or from their servers, remembered for a while.

Whoever has a token can make this server ask an issuer that an account has registered, so it asks seldom: one request at
a time for an issuer, soon again only for a key that is not known, and after a failure not for a while.

https://openid.net/specs/openid-connect-discovery-1_0.html#ProviderConfig
"""

from __future__ import annotations

import asyncio
from collections import Counter, OrderedDict
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from time import monotonic

from carnet.base.faults import Refused
from carnet.oidc import refusals
from carnet.oidc.https import Fetcher, Unreachable, refusal
from carnet.oidc.json_object import read_object
from carnet.oidc.keys import KeySet, key_set, read_key_set

FRESH_SECONDS = 600.0
"""How long keys are used before they are fetched again."""
USABLE_SECONDS = 3600.0
"""How long they are used if they cannot be fetched again."""
AGAIN_SECONDS = 60.0
"""How soon keys are fetched again for a token of an unknown key, and after a failure."""
REMEMBERED = 1024
"""Issuers whose keys are remembered, the last used ones."""
REMEMBERED_KEYS = 32_768
"""Their keys together, of 1 to 5 KB each: an issuer may have hundreds."""
WAITING = 16
"""How many requests may wait for the keys of one issuer that are being fetched."""
FETCHING = 8
"""How many issuers one account may have asked at once: no account keeps the others waiting."""
_DISCOVERY = "/.well-known/openid-configuration"


@dataclass(frozen=True, slots=True, kw_only=True)
class Issuer:
    """Whose keys are wanted, for whom."""

    url: str
    thumbprints: tuple[str, ...]
    account: str

    @property
    def known_as(self) -> tuple[str, tuple[str, ...]]:
        """What keys are remembered by. INVARIANT: keys that one account's thumbprints let in are of no other's."""
        return self.url, self.thumbprints


@dataclass(slots=True)
class _Known:
    """What was last learned of an issuer, by the monotonic clock."""

    keys: KeySet | None
    fetched: float
    tried: float
    problem: Refused | None

    @property
    def count(self) -> int:
        """How many keys it holds."""
        return 0 if self.keys is None else len(self.keys.keys)


class IssuerKeys:
    """Finds the keys of issuers; for one event loop at a time."""

    def __init__(
        self, fetcher: Fetcher, *, given: GivenKeys | None = None, clock: Callable[[], float] = monotonic
    ) -> None:
        self._fetcher = fetcher
        self._given = given
        self._clock = clock
        self._known: OrderedDict[tuple[str, tuple[str, ...]], _Known] = OrderedDict()
        self._held = 0
        """How many keys are known."""
        self._running: dict[tuple[str, tuple[str, ...]], asyncio.Task[_Known]] = {}
        self._waiting: Counter[tuple[str, tuple[str, ...]]] = Counter()
        self._of_account: Counter[str] = Counter()

    async def of(self, issuer: Issuer, kid: str | None) -> KeySet:
        """The issuer's keys, `kid` among them if it has one of that name. Raises Refused."""
        if self._given is not None and (given := self._given.of(issuer.url)) is not None:
            return given
        known = self._known.get(issuer.known_as)
        if known is None or self._is_due(known, kid):
            known = await self._fetch_once(issuer, known)
        else:
            self._known.move_to_end(issuer.known_as)
        if known.keys is None or self._clock() - known.fetched > USABLE_SECONDS:
            assert known.problem is not None, "what was fetched long ago was tried again"
            raise Refused(known.problem.code, known.problem.message)
        return known.keys

    def _is_due(self, known: _Known, kid: str | None) -> bool:
        now = self._clock()
        if now - known.tried < AGAIN_SECONDS:
            return False
        return known.keys is None or now - known.fetched >= FRESH_SECONDS or not known.keys.knows(kid)

    async def _fetch_once(self, issuer: Issuer, known: _Known | None) -> _Known:
        """What the one request that is under way for the issuer finds."""
        name = issuer.known_as
        if self._waiting[name] >= WAITING or (
            name not in self._running and self._of_account[issuer.account] >= FETCHING
        ):
            raise refusals.unreachable("too many requests are waiting for it")
        if name not in self._running:
            self._of_account[issuer.account] += 1
            task = self._running[name] = asyncio.create_task(self._learn(issuer, known))
            task.add_done_callback(lambda _: self._note_done(issuer))
        self._waiting[name] += 1
        try:
            return await asyncio.shield(self._running[name])
        finally:
            self._waiting[name] -= 1
            if not self._waiting[name]:
                del self._waiting[name]

    def _note_done(self, issuer: Issuer) -> None:
        self._running.pop(issuer.known_as, None)
        self._of_account[issuer.account] -= 1
        if not self._of_account[issuer.account]:
            del self._of_account[issuer.account]

    async def _learn(self, issuer: Issuer, known: _Known | None) -> _Known:
        before = self._clock()
        try:
            learned = _Known(keys=await self._ask(issuer), fetched=before, tried=self._clock(), problem=None)
        except Refused as problem:
            keys, fetched = (None, before) if known is None else (known.keys, known.fetched)
            learned = _Known(keys=keys, fetched=fetched, tried=self._clock(), problem=problem)
        self._forget(issuer.known_as)
        self._known[issuer.known_as] = learned
        self._held += learned.count
        while len(self._known) > REMEMBERED or self._held > REMEMBERED_KEYS:
            self._forget(next(iter(self._known)))
        return learned

    def _forget(self, name: tuple[str, tuple[str, ...]]) -> None:
        known = self._known.pop(name, None)
        self._held -= known.count if known is not None else 0

    async def _ask(self, issuer: Issuer) -> KeySet:
        try:
            discovery = await self._fetcher.get(issuer.url.removesuffix("/") + _DISCOVERY, issuer.thumbprints)
            raw = await self._fetcher.get(_keys_url(discovery, issuer.url), issuer.thumbprints)
            # A hundred long keys take a while, in which others are answered.
            return await asyncio.to_thread(read_key_set, raw)
        except Unreachable as problem:
            raise refusal(problem) from problem


def _keys_url(discovery: bytes, issuer: str) -> str:
    """Where an issuer's keys are. Raises Refused for a document of another issuer."""
    try:
        document = read_object(discovery)
    except ValueError:
        raise refusals.invalid(refusals.NO_KEY) from None
    url = document.get("jwks_uri")
    if document.get("issuer") != issuer or type(url) is not str:
        raise refusals.invalid(refusals.NO_KEY)
    return url


@dataclass(slots=True)
class GivenKeys:
    """Keys of issuers from a file, `{"https://issuer.example.com": {"keys": [...]}}`, which is read anew if it changes.

    Of an issuer in it nobody is ever asked.
    """

    path: Path
    _read: tuple[int, int] = (0, 0)
    _sets: Mapping[str, KeySet] = field(default_factory=dict[str, KeySet])

    def of(self, issuer: str) -> KeySet | None:
        """The keys of an issuer that the file has. Raises Refused if the file cannot be read."""
        try:
            state = self.path.stat()
            if (state.st_mtime_ns, state.st_size) != self._read:
                self._sets = read_given(self.path)
                self._read = (state.st_mtime_ns, state.st_size)
        except (OSError, ValueError) as problem:
            raise refusals.unreachable("the file of its keys cannot be read") from problem
        return self._sets.get(issuer)


def read_given(path: Path) -> dict[str, KeySet]:
    """The issuers of a file and their keys. Raises OSError, and ValueError for what is no such file."""
    sets = read_object(path.read_bytes())
    if not all(issuer.startswith("https://") and type(keys) is dict for issuer, keys in sets.items()):
        raise ValueError(f'{path} is not like {{"https://issuer.example.com": {{"keys": [...]}}}}')
    try:
        return {issuer: key_set(keys) for issuer, keys in sets.items()}
    except Refused as refused:
        raise ValueError(f"{path} has no keys for an issuer: {refused.message}") from refused
