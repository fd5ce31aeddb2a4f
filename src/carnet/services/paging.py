"""Lists that are answered one page at a time, as each service asks for pages: MaxItems and Marker, or other members.

https://docs.aws.amazon.com/IAM/latest/APIReference/API_ListUsers.html
"""

from __future__ import annotations

import base64
import binascii
import hashlib
from bisect import bisect_right
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import accumulate, islice
from typing import Any, Generic, TypeVar

from carnet.base.faults import Invalid
from carnet.base.fragment import Fragment
from carnet.entities.entity import Entity
from carnet.services.fragments import remembered

_SEAL_BYTES = 6
_LONGEST_TOKEN = 200
_DIGEST_BYTES = 16
_PATH_PREFIX = "PathPrefix"
PAGE_CHARACTERS = 250_000
"""The most characters of documents on one page, as they are stored: to write them takes the time of all who call. A
page ends early before it has more, as AWS says of its own ones; what alone has more is a page of its own.

https://docs.aws.amazon.com/IAM/latest/APIReference/API_GetAccountAuthorizationDetails.html
"""

T = TypeVar("T")
N = TypeVar("N", bound=Entity)


@dataclass(frozen=True, eq=False, slots=True, kw_only=True)
class PagingStyle:
    """What a service calls the members that ask for a page and tell of the next; two are the same by identity."""

    limit: str
    """The member of the input that says how many items a page has at most."""
    start: str
    """The member of the input with the token of the page."""
    next: str
    """The member of the answer with the token of the next page; absent on the last."""
    truncated: str | None = None
    """The member of the answer that says whether there is a next page, for services that also say that."""
    invalid: str = "Invalid token."
    """The error message for a token that the operation did not give."""
    invalid_members: Mapping[str, object] = field(default_factory=dict[str, object])
    """Further members of the error."""
    default: int = 100
    """The number of items of a page if the request does not say."""


MARKERS = PagingStyle(
    limit="MaxItems", start="Marker", next="Marker", truncated="IsTruncated", invalid="Invalid Marker."
)
"""IAM's style."""
NEXT_TOKENS = PagingStyle(limit="MaxResults", start="NextToken", next="NextToken")
"""The style of most services."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Page(Generic[T]):
    """One page of a list. `marker` asks for the rest; None if there is none."""

    items: tuple[T, ...]
    marker: str | None
    style: PagingStyle

    def answer(self, member: str, shape: Callable[[T], object]) -> dict[str, object]:
        """The page as a list operation answers it, its items under the name `member`."""
        return {member: list(map(shape, self.items)), **self.truncation}

    @property
    def truncation(self) -> dict[str, object]:
        """The members of the answer that say whether there is a next page, for an answer that lists items by kind."""
        told: dict[str, object] = (
            {} if self.style.truncated is None else {self.style.truncated: self.marker is not None}
        )
        if self.marker is not None:
            told[self.style.next] = self.marker
        return told


def sort_token(key: str) -> bytes:
    """The text that items are sorted by: the UTF-8 of an item's key, shortened so that every marker has at most 320
    characters.

    A long key (a tag key beyond ASCII, an ARN with a path) ends in a digest, so that two keys never get the same text.
    """
    encoded = key.encode()
    if len(encoded) <= _LONGEST_TOKEN:
        return encoded
    return encoded[: _LONGEST_TOKEN - _DIGEST_BYTES] + hashlib.sha256(encoded).digest()[:_DIGEST_BYTES]


def page(
    style: PagingStyle,
    operation: str,
    items: Sequence[T],
    given: Mapping[str, Any],
    *,
    key: Callable[[T], str],
    matching: Callable[[T], bool] = lambda _: True,
    characters: Callable[[T], int] | None = None,
) -> Page[T]:
    """The page that `given` asks for in the service's style (`call.paging`), of those `items` that match.

    `items` are sorted by the `sort_token` of their `key`. A marker names the last key of the page before, so that items
    which are added or removed between two pages do not move others. Raises Invalid for a marker of another operation.
    `characters` says how long the documents of an item are, for a page that ends by PAGE_CHARACTERS.
    """
    start = 0
    if (marker := given.get(style.start)) is not None:
        start = bisect_right(items, _last_token(operation, marker, style), key=lambda item: sort_token(key(item)))
    limit: int = given.get(style.limit, style.default)
    rest = (items[at] for at in range(start, len(items)))
    found = tuple(islice(filter(matching, rest), limit + 1))
    told = found[:limit] if characters is None else _short_enough(found[:limit], characters)
    marker = _marker(operation, key(told[-1])) if len(found) > len(told) else None
    return Page(items=told, marker=marker, style=style)


def _short_enough(items: tuple[T, ...], characters: Callable[[T], int]) -> tuple[T, ...]:
    """As many of them as one page holds, from the first: one at least, if there is one."""
    sums = accumulate(map(characters, items))
    return items[: max(1, sum(1 for one in sums if one <= PAGE_CHARACTERS))]


def entity_list(
    style: PagingStyle,
    operation: str,
    entities: tuple[N, ...],
    given: Mapping[str, Any],
    member: str,
    shape: Callable[[N], object],
) -> Fragment:
    """The answer of an operation that lists named entities below a PathPrefix; raises Invalid as `page` does.

    It is remembered as long as nobody changes the list, so `shape` may depend on the entity alone.
    """
    asked = tuple([(name, given[name]) for name in (style.start, style.limit, _PATH_PREFIX) if name in given])
    return _entity_list(entities, style, operation, asked, member, shape)


@remembered
def _entity_list(
    entities: tuple[Any, ...],
    style: PagingStyle,
    operation: str,
    asked: tuple[tuple[str, object], ...],
    member: str,
    shape: Callable[[Any], object],
) -> dict[str, object]:
    given = dict(asked)
    found = page(style, operation, entities, given, key=lambda entity: entity.name_key, matching=path_filter(given))
    return found.answer(member, shape)


def path_filter(given: Mapping[str, Any]) -> Callable[[Any], bool]:
    """Whether an entity's path begins with the PathPrefix asked for."""
    prefix: str = given.get(_PATH_PREFIX, "/")
    return lambda entity: entity.path.startswith(prefix)


def _marker(operation: str, key: str) -> str:
    return base64.urlsafe_b64encode(_seal(operation) + sort_token(key)).decode("ascii")


def last_told(marker: str) -> bytes | None:
    """The `sort_token` after which the list goes on, by a marker of any operation; None if it is not a marker."""
    decoded = _decode_marker(marker)
    return None if decoded is None else decoded[_SEAL_BYTES:]


def _last_token(operation: str, marker: str, style: PagingStyle) -> bytes:
    decoded = _decode_marker(marker)
    if decoded is None or decoded[:_SEAL_BYTES] != _seal(operation):
        raise Invalid(style.invalid, style.invalid_members)
    return decoded[_SEAL_BYTES:]


def _decode_marker(marker: str) -> bytes | None:
    try:
        return base64.b64decode(marker.encode("ascii"), altchars=b"-_", validate=True)
    except (binascii.Error, UnicodeEncodeError):
        return None


def _seal(operation: str) -> bytes:
    """Binds a marker to its operation. It need not be secret: a forged marker only starts the list at another place."""
    return hashlib.sha256(operation.encode()).digest()[:_SEAL_BYTES]
