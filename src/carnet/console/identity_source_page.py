"""The page on which administrators see, and change, the identity source of an instance: `/console/identity-source`.

What its forms send is decided anew (`identity_source`): the page itself changes nothing.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from carnet.audit.events import Event
from carnet.audit.steps import Arrived
from carnet.base.faults import Denied, Missing, Unavailable
from carnet.base.http import HttpResponse
from carnet.console.administrators import Administrator
from carnet.console.identity_source import NEEDED_BESIDES, ShowSource, UseDirectory, UseProvider, permitted
from carnet.console.navigation import parameter
from carnet.console.pages import page
from carnet.console.parts import ConsoleParts
from carnet.console.sessions import SignedInBrowser
from carnet.directory.identity_center import is_administrator, visible_instances
from carnet.directory.snapshot import Snapshot
from carnet.server.own_api.problems import Problem
from carnet.services.identity_source import identity_source


@dataclass(frozen=True, slots=True, kw_only=True)
class ShownSource:
    """The page, and what the audit log is told of it."""

    response: HttpResponse
    event: Event
    account: str
    """The owner of the instance."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Found:
    source: Mapping[str, object]
    others: tuple[str, ...]
    """The identity stores of the other instances that are administered from the same account."""


async def identity_source_page(parts: ConsoleParts, arrived: Arrived, browser: SignedInBrowser) -> ShownSource:
    """Raises Problem, Denied, Missing, Unavailable.

    INVARIANT: who may not is shown nothing of what there is.
    """
    by = Administrator(parts=parts, arrived=arrived, browser=browser)
    asked = parameter(arrived.http, "store")
    found = await by.now(lambda snapshot: _find_source(snapshot, by, asked))
    store, account = str(found.source["identityStoreId"]), str(found.source["account"])
    return ShownSource(
        response=page(
            "identity-source.html",
            csrf=browser.csrf,
            browser=browser,
            holder=browser.holder,
            source=found.source,
            others=found.others,
            use_provider=_tag(UseProvider),
            use_directory=_tag(UseDirectory),
        ),
        event=by.event(_tag(ShowSource), {"identityStoreId": store}),
        account=account,
    )


async def is_shown(parts: ConsoleParts, arrived: Arrived, browser: SignedInBrowser) -> bool:
    """Whether the page is shown to whoever has signed in; not while policies are being read."""
    by = Administrator(parts=parts, arrived=arrived, browser=browser)
    try:
        await by.now(lambda snapshot: _find_source(snapshot, by, ""))
    except (Problem, Denied, Missing, Unavailable):
        return False
    return True


def _find_source(snapshot: Snapshot, by: Administrator, asked: str) -> _Found:
    """The source of the store that is asked for, or else of the first one, at a revision. Raises as the page."""
    account = by.check(snapshot, _tag(ShowSource), *NEEDED_BESIDES[ShowSource])
    stores = [
        each.identity_store
        for each in visible_instances(snapshot, account)
        if is_administrator(snapshot, each, account)
    ]
    if not stores:
        raise Missing("This account administers no identity store.")
    store = asked or stores[0]
    instance = permitted(snapshot, by, ShowSource(identity_store_id=store))
    return _Found(
        source=identity_source(snapshot, instance.account, by.parts.origin.url),
        others=tuple(each for each in stores if each != store),
    )


def _tag(action: type[ShowSource | UseProvider | UseDirectory]) -> str:
    return str(action.__struct_config__.tag)
