"""Credentials that users and the root user hold: their kinds, and the operations that all kinds share.

https://docs.aws.amazon.com/IAM/latest/APIReference/API_ListSSHPublicKeys.html
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any, Generic, TypeVar

from carnet.base.faults import Missing, Refused, TooMany
from carnet.entities.access_key import AccessKey
from carnet.entities.account import Account
from carnet.entities.service_specific_credential import ServiceSpecificCredential
from carnet.entities.signing_certificate import SigningCertificate
from carnet.entities.ssh_public_key import SshPublicKey
from carnet.entities.user import User
from carnet.services.iam import sentences, shapes, targets
from carnet.services.iam.service import iam
from carnet.services.operation import Adds, Answer, Call, WriteCall
from carnet.services.paging import page

Holder = User | Account
H = TypeVar("H", bound=AccessKey | SshPublicKey | SigningCertificate | ServiceSpecificCredential)


@dataclass(frozen=True, slots=True, kw_only=True)
class Holding(Generic[H]):
    """A kind of credential that a user or the root user holds."""

    entity: type[H]
    id_member: str
    """The input member that names one: `AccessKeyId`."""
    missing: Callable[[str], str]

    def held(self, call: Call, holder: Holder) -> tuple[H, ...]:
        """The credentials of a holder, oldest first."""
        return call.view.of(self.entity).referring("owner", holder.id)

    def find(self, call: Call, given: Any, holder: Holder) -> H:
        """The credential that `given` names. Raises Missing, also if somebody else holds it."""
        found = call.view.of(self.entity).get(given[self.id_member])
        if found is None or found.owner != holder.id:
            raise Missing(self.missing(given[self.id_member]))
        return found


def check_room(held: Sequence[object], quota: str, most: int) -> None:
    """Raise TooMany if the holder cannot have another one; `quota` is AWS's name of the quota."""
    if len(held) >= most:
        raise TooMany(sentences.quota(quota, most))


def _nothing_noted(call: WriteCall, one: object, active: bool) -> None:
    """For credentials from which no sessions are made."""


def list_family(
    kind: Holding[H], operation: str, *, member: str, shape: Callable[[Call, H, Holder], shapes.Structure]
) -> None:
    """Register the operation of this name, which lists the credentials of a user or the caller as `member` of its
    answer."""

    @iam.read(operation, on=targets.user_or_caller)
    def list_held(call: Call, given: Any, holder: Holder) -> Answer:
        """List the credentials of a user or of the caller, without secrets."""
        held = sorted(kind.held(call, holder), key=lambda one: one.id)
        found = page(call.paging, operation, held, given, key=lambda one: one.id)
        return found.answer(member, lambda one: shape(call, one, holder))


def change_family(
    kind: Holding[H],
    *,
    update: str,
    delete: str,
    context: tuple[Adds, ...] = (),
    noted: Callable[[WriteCall, H, bool], None] = _nothing_noted,
) -> None:
    """Register the operations of these names, which set the status of what somebody holds, and remove it.

    `noted` is told of each change: what it is about, and whether that is active from now on.
    """

    @iam.write(update, on=targets.user_or_caller, context=context)
    def update_held(call: WriteCall, given: Any, holder: Holder) -> Answer:
        """Set the status to Active or Inactive."""
        if given["Status"] not in (shapes.ACTIVE, shapes.INACTIVE):
            raise Refused("InvalidInput", sentences.status_not_settable(given["Status"]))
        one = kind.find(call, given, holder)
        active = given["Status"] == shapes.ACTIVE
        if one.active != active:
            call.store.save(replace(one, active=active))
            noted(call, one, active)
        return {}

    @iam.write(delete, on=targets.user_or_caller, context=context)
    def delete_held(call: WriteCall, given: Any, holder: Holder) -> Answer:
        """Remove the credential. It authenticates nobody from now on."""
        one = kind.find(call, given, holder)
        call.store.remove(one)
        noted(call, one, False)
        return {}
