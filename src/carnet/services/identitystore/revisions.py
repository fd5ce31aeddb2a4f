"""Changes of resources on condition that nobody else has changed them meanwhile."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from carnet.entities.identity_store_group import IdentityStoreGroup
from carnet.entities.identity_store_user import IdentityStoreUser
from carnet.services.identitystore import sentences


def check_revision(resource: IdentityStoreUser | IdentityStoreGroup, given: Mapping[str, Any]) -> None:
    """Raise AlreadyExists, as a conflict, if the requested Revision is not that of the resource."""
    wanted = given.get("Revision")
    if wanted is not None and wanted != str(resource.revision):
        raise sentences.changed_meanwhile()
