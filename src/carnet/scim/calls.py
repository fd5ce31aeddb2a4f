"""The request of a provisioner, once it is authenticated for an identity store."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from carnet.audit.steps import Arrived
from carnet.directory.account_view import AccountView
from carnet.directory.snapshot import Snapshot
from carnet.entities.identity_center_instance import Instance
from carnet.entities.scim_token import ScimToken
from carnet.scim.refusals import unparsable
from carnet.services.identitystore.directory_changes import DirectoryChange
from carnet.services.identitystore.quotas import QUOTAS
from carnet.services.operation import Parts
from carnet.store.unit_of_work import Unit

PREFIX = "/_carnet/scim/"
"""Of all tenants."""
MOST_PER_PAGE = 100
LONGEST_BODY = 256 * 1024


@dataclass(frozen=True, slots=True, kw_only=True)
class ScimCall:
    """One request at one revision."""

    arrived: Arrived
    token: ScimToken
    instance: Instance
    view: AccountView
    """Of the account that owns the instance."""
    snapshot: Snapshot
    query: dict[str, str]
    given: Any
    """The body, as JSON has it; None without one."""
    store: Unit | None = None
    """None of what only reads."""

    @property
    def body(self) -> dict[str, Any]:
        """The body as an object. Raises Refusal."""
        if not isinstance(self.given, dict):
            raise unparsable()
        return self.given

    def change(self, parts: Parts) -> DirectoryChange:
        """The change that the request makes."""
        assert self.store is not None, "it is made in a transaction"
        return DirectoryChange(
            store=self.store,
            ids=parts.ids,
            instance=self.instance,
            view=self.view,
            by=f"SCIM/{self.token.id}",
            now=self.arrived.time,
            quotas=parts.quotas_of(self.view, QUOTAS),
        )
