"""What administrators do about the identity source of an instance, which AWS has in its console alone.

`POST /console/identity-source` takes `{"action": ..., "identityStoreId": ...}`. One step here is several of AWS's: each
of their permissions is needed.
https://docs.aws.amazon.com/singlesignon/latest/userguide/manage-your-identity-source-change.html
https://docs.aws.amazon.com/service-authorization/latest/reference/list_awsidentitystore.html
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Any

import msgspec
from msgspec import Meta, Struct

from carnet.audit.events import Event
from carnet.audit.steps import Arrived
from carnet.base.faults import Missing
from carnet.console.administrators import Administrator, name_of, read_action
from carnet.console.outcomes import Told
from carnet.console.own_devices import check_fresh
from carnet.console.parts import ConsoleParts
from carnet.console.sessions import SignedInBrowser
from carnet.directory.account_view import AccountView
from carnet.directory.identity_center import instance_of_store, is_administrator
from carnet.directory.snapshot import Snapshot
from carnet.entities.account_assignment import AccountAssignment
from carnet.entities.identity_center_instance import Instance
from carnet.server.own_api.problems import Problem
from carnet.services.execution import Done
from carnet.services.identity_source import (
    DIRECTORY,
    EXTERNAL,
    LONGEST_METADATA,
    READING,
    ReadProvider,
    identity_source,
    read_provider,
    told_of,
    use_directory,
    use_external_provider,
)
from carnet.services.preparing import Preparation
from carnet.store.unit_of_work import UnitOfWork

LONGEST_BODY = 2 * LONGEST_METADATA
"""Metadata in JSON has its quotation marks and line ends escaped."""
_NOT_BY_DELEGATE = (
    "Users of this instance have access to the management account: only that account changes the identity source."
)


class _Action(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, rename="camel", tag_field="action"):
    identity_store_id: Annotated[str, Meta(max_length=64)]


class ShowSource(_Action, frozen=True, kw_only=True, tag="sso-directory:ListExternalIdPConfigurationsForDirectory"):
    """Show the identity source, and the configuration for an identity provider."""


class UseProvider(_Action, frozen=True, kw_only=True, tag="sso-directory:EnableExternalIdPConfigurationForDirectory"):
    """Use an external identity provider, or change the provider or its certificate."""

    metadata: Annotated[str, Meta(min_length=1, max_length=LONGEST_METADATA)]


class UseDirectory(_Action, frozen=True, kw_only=True, tag="sso-directory:DisableExternalIdPConfigurationForDirectory"):
    """Use passwords again."""


NEEDED_BESIDES: Mapping[type[_Action], tuple[str, ...]] = {
    ShowSource: (),
    UseProvider: (
        "sso-directory:CreateExternalIdPConfigurationForDirectory",
        "sso-directory:ImportExternalIdPCertificate",
    ),
    UseDirectory: ("sso-directory:DeleteExternalIdPConfigurationForDirectory",),
}
"""The permissions that an action needs besides the one that it is called by."""

SourceAction = ShowSource | UseProvider | UseDirectory
_ACTIONS: msgspec.json.Decoder[SourceAction] = msgspec.json.Decoder(SourceAction)


async def identity_source_action(parts: ConsoleParts, arrived: Arrived, browser: SignedInBrowser) -> Told:
    """Carry out an action. Raises Problem, Denied, Missing, Invalid, Unavailable.

    Whoever chooses the identity source says who is who: that needs a sign-in of now.
    """
    given = read_action(_ACTIONS, arrived.http.body, "an identity source")
    by = Administrator(parts=parts, arrived=arrived, browser=browser)
    if not isinstance(given, ShowSource):
        check_fresh(arrived, browser)
    instance = await by.now(lambda snapshot: permitted(snapshot, by, given))
    if isinstance(given, ShowSource):
        told = identity_source(parts.execution.directory.snapshot, instance.account, parts.origin.url)
        return Told(
            members=dict(told), event=by.event(name_of(given), _event_parameters(given)), account=instance.account
        )
    if isinstance(given, UseDirectory):
        return await by.make(_ToDirectory(by=by, given=given))
    text = given.metadata
    # INVARIANT: metadata of somebody who may not is not read.
    read = await by.prepare(Preparation(pool=READING, work=lambda _, __: read_provider(text)))
    return await by.make(_ToProvider(by=by, given=given, read=read))


@dataclass(frozen=True, slots=True, kw_only=True)
class _ToDirectory:
    """The directory vouches for people. INVARIANT: whether the caller may is decided at the locked revision."""

    by: Administrator
    given: UseDirectory

    def event(self) -> Event:
        """What the audit log is told."""
        return self.by.event(name_of(self.given), _event_parameters(self.given))

    def make(self, unit: UnitOfWork, snapshot: Snapshot) -> Done:
        """Raises as `identity_source_action`."""
        use_directory(unit, snapshot, account=permitted(snapshot, self.by, self.given).account)
        return Done(answer={"identitySource": DIRECTORY}, event=self.event(), decided=())


@dataclass(frozen=True, slots=True, kw_only=True)
class _ToProvider:
    """An identity provider vouches for people. INVARIANT: as for `_ToDirectory`."""

    by: Administrator
    given: UseProvider
    read: ReadProvider

    def event(self) -> Event:
        """What the audit log is told."""
        return self.by.event(name_of(self.given), _event_parameters(self.given) | {"providerIssuer": self.read.issuer})

    def make(self, unit: UnitOfWork, snapshot: Snapshot) -> Done:
        """Raises as `identity_source_action`."""
        account, now = permitted(snapshot, self.by, self.given).account, self.by.arrived.time
        told = told_of(use_external_provider(unit, snapshot, account=account, read=self.read, now=now))
        event = self.by.event(name_of(self.given), _event_parameters(self.given) | told)
        return Done(answer={"identitySource": EXTERNAL, **told}, event=event, decided=())


def permitted(snapshot: Snapshot, by: Administrator, given: SourceAction) -> Instance:
    """The instance, if the caller may do this at that revision. Raises Problem, Denied, Missing.

    INVARIANT: who may not is told nothing of what there is.
    """
    account = by.check(snapshot, name_of(given), *NEEDED_BESIDES[type(given)])
    instance = instance_of_store(snapshot, given.identity_store_id)
    if instance is None or not is_administrator(snapshot, instance, account):
        raise Missing("This account administers no such identity store.")
    if not isinstance(given, ShowSource) and account != instance.account:
        _check_delegate(snapshot.accounts[instance.account])
    return instance


def _check_delegate(view: AccountView) -> None:
    """Raise Problem if people have access to the management account: a delegate's own provider would vouch for them.

    INVARIANT: nobody gets by a delegation what it leaves to the management account.
    """
    if any(each.target == view.account.id for each in view.of(AccountAssignment)):
        raise Problem(403, "AccessDenied", _NOT_BY_DELEGATE)


def _event_parameters(given: SourceAction) -> dict[str, Any]:
    """The parameters in the audit log; the content of the metadata has an event of its own."""
    return {"identityStoreId": given.identity_store_id}
