"""Pages of lists: up to 100 resources, and with `cursor` a way to the next ones.

https://docs.aws.amazon.com/singlesignon/latest/developerguide/listusers.html
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, TypeVar

from carnet.entities.identity_store_group import IdentityStoreGroup
from carnet.entities.identity_store_user import IdentityStoreUser
from carnet.scim.calls import MOST_PER_PAGE, ScimCall
from carnet.scim.discovery import LIST_RESPONSE
from carnet.scim.refusals import unparsable
from carnet.services.paging import NEXT_TOKENS, page

R = TypeVar("R", IdentityStoreUser, IdentityStoreGroup)


def listed(call: ScimCall, name: str, found: Sequence[R], shown: Callable[[R], dict[str, Any]]) -> dict[str, Any]:
    """A page of the resources found, by id. Raises Refusal, Invalid."""
    given: dict[str, Any] = {"MaxResults": _count(call.query.get("count"))}
    cursor = call.query.get("cursor")
    if cursor:
        given["NextToken"] = cursor
    one = page(NEXT_TOKENS, f"Scim{name}", found, given, key=lambda each: each.id)
    answer: dict[str, Any] = {"schemas": [LIST_RESPONSE], "itemsPerPage": len(one.items)}
    if cursor is None:
        answer |= {"totalResults": len(found), "startIndex": 1}
    elif one.marker is not None:
        answer["nextCursor"] = one.marker
    return {**answer, "Resources": [shown(each) for each in one.items]}


def _count(text: str | None) -> int:
    if text is None:
        return MOST_PER_PAGE
    if not (text.isascii() and text.isdigit() and len(text) <= 9 and int(text) > 0):
        raise unparsable("count is not valid.")
    return min(int(text), MOST_PER_PAGE)
