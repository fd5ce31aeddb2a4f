"""From consolidated billing to all features: every invited account approves, then the management account confirms.

https://docs.aws.amazon.com/organizations/latest/userguide/orgs_manage_org_support-all-features.html
"""

from __future__ import annotations

from dataclasses import replace

from carnet.directory.organization_view import OrganizationView
from carnet.entities.handshake import Handshake, HandshakeAction, HandshakeState
from carnet.entities.organization import FeatureSet
from carnet.entities.organization_account import JoinedMethod, OrganizationAccount
from carnet.services.operation import Answer, Call, WriteCall
from carnet.services.organizations import handshake_sentences, targets
from carnet.services.organizations.callers import management_account
from carnet.services.organizations.handshake_parts import cancel_all, moved_on, of_organization, sender_of, shown
from carnet.services.organizations.service import organizations


@organizations.write("EnableAllFeatures", on=targets.organization(management_account))
def enable_all_features(call: WriteCall, given: object, view: OrganizationView) -> Answer:
    """Ask every invited account to approve; with none, the management account can confirm at once."""
    if view.organization.feature_set is FeatureSet.ALL:
        reason = "ORGANIZATION_ALREADY_HAS_ALL_FEATURES"
        raise handshake_sentences.constraint(reason, handshake_sentences.HAS_ALL_FEATURES)
    if is_being_enabled(call, view):
        reason = "ORGANIZATION_IS_ALREADY_PENDING_ALL_FEATURES_MIGRATION"
        raise handshake_sentences.constraint(reason, handshake_sentences.ENABLING_ALL_FEATURES)
    invited = _invited_accounts(view)
    state = HandshakeState.REQUESTED if invited else HandshakeState.OPEN
    parent = _handshake(call, view, HandshakeAction.ENABLE_ALL_FEATURES, call.account, state)
    call.store.add(parent)
    for account in invited:
        asked = _handshake(call, view, HandshakeAction.APPROVE_ALL_FEATURES, account.id, HandshakeState.OPEN)
        call.store.add(replace(asked, parent=parent.id))
    return {"Handshake": shown(call, parent)}


def is_being_enabled(call: Call, view: OrganizationView) -> bool:
    """Whether the organization is changing to all features."""
    return _pending_handshake(call, view) is not None


def confirm(call: WriteCall, handshake: Handshake) -> Handshake:
    """Enable all features. Raises Refused as long as an account has not approved."""
    if handshake.state_at(call.now) is HandshakeState.REQUESTED:
        raise handshake_sentences.transition()
    accepted = moved_on(call, handshake, HandshakeState.ACCEPTED)
    organization = sender_of(call.snapshot, handshake).organization
    call.store.save(replace(organization, feature_set=FeatureSet.ALL))
    return accepted


def approve(call: WriteCall, handshake: Handshake) -> Handshake:
    """Record the approval of an account. After the last one the management account can confirm."""
    approved = moved_on(call, handshake, HandshakeState.ACCEPTED)
    _go_on_without(call, sender_of(call.snapshot, handshake), handshake.account)
    return approved


def cancel_approvals(call: WriteCall, handshake: Handshake) -> None:
    """Cancel the requests for approval: the management account has canceled."""
    cancel_all(call, _approvals(call, handshake))


def departed(call: WriteCall, view: OrganizationView, account: str) -> None:
    """An account has left; its approval is no longer necessary."""
    parent = _pending_handshake(call, view)
    if parent is not None:
        cancel_all(call, (one for one in _approvals(call, parent) if one.account == account))
        _go_on_without(call, view, account)


def _go_on_without(call: WriteCall, view: OrganizationView, account: str) -> None:
    """Let the management account confirm if only this account's approval was missing."""
    parent = _pending_handshake(call, view)
    if parent is None or parent.state is not HandshakeState.REQUESTED:
        return
    approved = {one.account for one in _approvals(call, parent) if one.state is HandshakeState.ACCEPTED}
    if not {one.id for one in _invited_accounts(view)} - approved - {account}:
        call.store.save(replace(parent, state=HandshakeState.OPEN, changed=call.now))


def _pending_handshake(call: Call, view: OrganizationView) -> Handshake | None:
    sent = of_organization(call.snapshot, view.scope.id)
    enabling = (one for one in sent if one.action is HandshakeAction.ENABLE_ALL_FEATURES)
    return next((one for one in enabling if one.is_pending_at(call.now)), None)


def _approvals(call: Call, parent: Handshake) -> list[Handshake]:
    return [one for one in of_organization(call.snapshot, parent.organization) if one.parent == parent.id]


def _invited_accounts(view: OrganizationView) -> list[OrganizationAccount]:
    """The accounts whose approval is necessary: all that were invited, without the management account."""
    members = (one for one in view.of(OrganizationAccount).sorted() if one.id != view.organization.management)
    return [one for one in members if one.joined_method is JoinedMethod.INVITED]


def _handshake(
    call: WriteCall, view: OrganizationView, action: HandshakeAction, account: str, state: HandshakeState
) -> Handshake:
    return Handshake(
        id=call.ids.organizations("h", 32),
        organization=view.scope.id,
        action=action,
        account=account,
        state=state,
        requested=call.now,
        expires=call.now + action.lasts,
        changed=call.now,
    )
