"""Start URLs, which name an instance; clients never connect to them."""

from __future__ import annotations

import re

from carnet.directory.identity_center import instance_called, instance_of_store
from carnet.directory.snapshot import Snapshot
from carnet.entities.identity_center_instance import Instance

_LONGEST = 256
_OF_STORE = re.compile(r"https://(d-[0-9a-f]{10})\.awsapps\.com/start/?(?:#/?)?", re.ASCII)
_OF_INSTANCE = re.compile(r"https://(ssoins-[0-9a-f]{16})\.portal\.[a-z0-9-]{1,30}\.app\.aws/?(?:#/?)?", re.ASCII)


def instance_at(snapshot: Snapshot, url: str) -> Instance | None:
    """The instance that a start URL names, in the forms of both kinds, with or without a browser's additions."""
    if len(url) > _LONGEST:
        return None
    if (of_store := _OF_STORE.fullmatch(url)) is not None:
        return instance_of_store(snapshot, of_store[1])
    if (of_instance := _OF_INSTANCE.fullmatch(url)) is not None:
        return instance_called(snapshot, of_instance[1])
    return None
