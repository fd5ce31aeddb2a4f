"""The operator of the installation, who makes what is wanted.

An operation of IAM runs with the same body, the same model and the same quotas as for a caller; only that no policy
decides about the operator.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any, assert_never, cast

from msgspec import structs

from carnet import models
from carnet.audit.events import Event, event_without_request
from carnet.audit.redaction import input_redaction
from carnet.base.arns import OWN_SERVICE
from carnet.base.faults import Missing
from carnet.base.ids import USER, GivenId
from carnet.directory.snapshot import Snapshot
from carnet.entities.access_key import AccessKey
from carnet.entities.account import Account
from carnet.entities.entity import name_key
from carnet.entities.role import Role
from carnet.entities.user import User
from carnet.identity.caller import AccountCaller
from carnet.identity.principals import root_principal
from carnet.policy.policies import Policies
from carnet.policy.request import Context, Principal
from carnet.protocols.validate import validate
from carnet.provisioning import account_differences, differences, provider_differences
from carnet.provisioning.differences import same_json
from carnet.provisioning.rehearsal import RehearsedUnit
from carnet.provisioning.steps import AddAccessKey, CreateAccount, Invoke, SetKeyStatus, Step, UpdateAccount
from carnet.provisioning.wanted import (
    Wanted,
    WantedAccount,
    WantedGroup,
    WantedOidcProvider,
    WantedPolicy,
    WantedRole,
    WantedSamlProvider,
    WantedTrust,
    WantedUser,
)
from carnet.services.iam import sentences
from carnet.services.iam.access_keys import add_given_key, note_status
from carnet.services.iam.trust import new_trust, shown_trust
from carnet.services.operation import Answer, Parts, WriteCall
from carnet.services.preparing import Preparation
from carnet.services.registry import SERVICES
from carnet.store.entity_types import ENTITY_TYPES
from carnet.store.unit_of_work import Unit

_IAM = SERVICES["iam"]


@dataclass(frozen=True, slots=True)
class _Operator:
    """Stands for the caller of an operation, of whom the bodies of IAM ask nothing but who it is: the root user.

    INVARIANT: it has no credential, so that whatever authorizes a caller fails with it.
    """

    principal: Principal


@dataclass(frozen=True, slots=True, kw_only=True)
class Operator:
    """Finds the steps to what is wanted, and takes them, at one moment."""

    parts: Parts
    partition: str
    """Of new accounts."""
    now: datetime
    _made_before: dict[bytes, Any] = field(default_factory=dict[bytes, Any], repr=False)
    """What was prepared for a step in the rehearsal, so that it is not prepared again while the store is locked."""

    def steps(self, snapshot: Snapshot, wanted: Wanted, unit: Unit) -> list[Step]:
        """What is to be done at this state; empty if the entry is as it is wanted.

        Raises a Fault for what cannot be done, Missing for an entry of an account that does not exist.
        """
        if isinstance(wanted, WantedAccount):
            return list(self._account_steps(snapshot, wanted))
        return list(self._steps(self._call(snapshot, wanted.account, unit), wanted))

    def identified(self, wanted: Wanted, snapshot: Snapshot) -> Wanted:
        """With the id that a new user with a password is to get, so that it is hashed when the plan is made."""
        if not isinstance(wanted, WantedUser) or wanted.password is None or wanted.unique_id is not None:
            return wanted
        view = snapshot.account(wanted.account)
        if view is not None and view.of(User).named(name_key(wanted.name)) is not None:
            return wanted
        return replace(wanted, unique_id=self.parts.ids.unique(USER))

    def take(self, step: Step, snapshot: Snapshot, account: str, unit: Unit) -> Event:
        """Take one step in an account; gives the audit event that tells of it.

        Raises a Fault, or WireError for what the model of the operation does not allow.
        """
        if isinstance(step, CreateAccount):
            unit.add(step.account)
            return self._event(step, account, {"name": step.account.name, "email": step.account.email})
        given_id = step.unique_id if isinstance(step, Invoke) else None
        call = self._call(snapshot, account, unit, given_id)
        match step:
            case Invoke():
                validate(models.operation("iam", step.name), step.given, _IAM.voice)
                prepared = structs.replace(call, prepared=self._prepare(call, step))
                _IAM.operations[step.name].perform_for_operator(prepared, step.given)
                return self._event(step, account, input_redaction("iam", step.name)(step.given))
            case UpdateAccount():
                unit.save(_update_account(call.view.account, step))
                return self._event(step, account, {"name": step.title, "email": step.email})
            case AddAccessKey():
                add_given_key(call, _holder(call, step.user), step.key.given, active=step.key.active)
                return self._event(step, account, {"userName": step.user, "accessKeyId": step.key.given.id})
            case SetKeyStatus():
                key = call.view.of(AccessKey).by_id[step.key.given.id]
                unit.save(replace(key, active=step.key.active))
                note_status(call, key, step.key.active)
                return self._event(step, account, {"accessKeyId": key.id, "active": step.key.active})
            case _:
                assert_never(step)

    def _account_steps(self, snapshot: Snapshot, wanted: WantedAccount) -> Iterator[Step]:
        view = snapshot.account(wanted.account)
        yield from account_differences.account_steps(view, wanted, partition=self.partition, now=self.now)
        owner = wanted.account if view is not None else None
        yield from account_differences.key_steps(snapshot, self.parts.keyring, wanted.root_keys, owner=owner, user=None)

    def _steps(self, call: WriteCall, wanted: Wanted) -> Iterator[Step]:
        match wanted:
            case WantedPolicy():
                yield from differences.policy_steps(call.view, wanted)
            case WantedGroup():
                yield from differences.group_steps(call.view, wanted)
            case WantedUser():
                yield from differences.user_steps(call.view, wanted)
                user = call.view.of(User).named(name_key(wanted.name))
                yield from account_differences.key_steps(
                    call.snapshot,
                    self.parts.keyring,
                    wanted.keys,
                    owner=user.id if user is not None else None,
                    user=wanted.name,
                )
            case WantedRole():
                yield from differences.role_steps(call.view, wanted)
                if not wanted.trust_later and call.view.of(Role).named(name_key(wanted.name)) is not None:
                    yield from _trust_steps(call, wanted.name, wanted.trust)
            case WantedOidcProvider():
                yield from provider_differences.oidc_provider_steps(call.view, wanted)
            case WantedSamlProvider():
                yield from provider_differences.saml_provider_steps(call.view, wanted)
            case WantedTrust():
                yield from _trust_steps(call, wanted.name, wanted.trust)
            case _:
                raise TypeError(f"nobody knows how to make a {wanted.word}")

    def _prepare(self, call: WriteCall, step: Invoke) -> Any:
        """What the operation finds beforehand; raises a Fault.

        INVARIANT: no step is planned whose preparation depends on more than its input and whom it is for. A password is
        hashed for the id of its user, which `identified` gives a new one beforehand.
        """
        operation = _IAM.operations[step.name]
        if not operation.is_prepared(step.given):
            return None
        assert isinstance(operation.prepare, Preparation)
        user = call.view.of(User).named(name_key(step.given.get("UserName", "")))
        whose = call.account if user is None else user.id
        digest = hashlib.sha256(repr((whose, step)).encode()).digest()
        if digest not in self._made_before:
            self._made_before[digest] = operation.prepare.work(call, step.given)
        return self._made_before[digest]

    def read(self, name: str, snapshot: Snapshot, account: str, given: Any) -> Answer:
        """What an operation of IAM that changes nothing answers of an account; raises Missing for an unknown one."""
        operation = _IAM.operations[name]
        if operation.writes:
            raise TypeError(f"{name} changes something")
        return operation.perform_for_operator(
            self._call(snapshot, account, RehearsedUnit(snapshot, ENTITY_TYPES)), given
        )

    def _call(self, snapshot: Snapshot, account: str, unit: Unit, given_id: str | None = None) -> WriteCall:
        view = snapshot.account(account)
        if view is None:
            raise Missing(f"There is no account {account}.")
        return WriteCall(
            caller=cast(AccountCaller, _Operator(root_principal(view.account))),
            snapshot=snapshot,
            view=view,
            context=Context(),
            policies=Policies(),
            now=self.now,
            parts=self.parts if given_id is None else replace(self.parts, ids=GivenId(self.parts.ids, given_id)),
            own_quotas=_IAM.quotas,
            paging=_IAM.paging,
            store=unit,
        )

    def _event(self, step: Step, account: str, parameters: Any) -> Event:
        source = _IAM.event_source if isinstance(step, Invoke) else OWN_SERVICE
        event = event_without_request(source, step.name, self.parts.ids.uuid(), self.now, parameters)
        return event | {"recipientAccountId": account}


def _trust_steps(call: WriteCall, role_name: str, text: str) -> Iterator[Step]:
    """The trust policy, if it says something else or is bound to others than those that it names now."""
    role = call.view.of(Role).named(name_key(role_name))
    if role is None:
        raise Missing(sentences.role_missing(role_name))
    if same_json(text, shown_trust(call.snapshot, role)):
        return  # also if it shows the id of a principal that is gone, which could not be saved anew
    trust = new_trust(call, text)
    if trust.ids != role.trusted_ids or not same_json(trust.text, role.trust):
        yield Invoke(name="UpdateAssumeRolePolicy", given={"RoleName": role_name, "PolicyDocument": text})


def _update_account(account: Account, step: UpdateAccount) -> Account:
    return replace(account, name=step.title or account.name, email=step.email or account.email)


def _holder(call: WriteCall, user_name: str | None) -> User | Account:
    if user_name is None:
        return call.view.account
    user = call.view.of(User).named(name_key(user_name))
    if user is None:
        raise Missing(sentences.user_missing(user_name))
    return user
