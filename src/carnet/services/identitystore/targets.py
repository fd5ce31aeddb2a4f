"""What the operations of an identity store act on, for `on=` and `acts_on=` of an operation.

The policies must allow an operation on the identity store and on each user, group and membership that it is about.

https://docs.aws.amazon.com/service-authorization/latest/reference/list_awsidentitystore.html
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, NamedTuple, TypeAlias, TypeVar

from carnet.base.faults import Fault
from carnet.directory.account_view import AccountView
from carnet.directory.identity_center import is_administrator, visible_instances
from carnet.entities.identity_center_instance import Instance
from carnet.entities.identity_store_group import IdentityStoreGroup
from carnet.entities.identity_store_membership import IdentityStoreMembership
from carnet.entities.identity_store_user import IdentityStoreUser
from carnet.services.identitystore import sentences
from carnet.services.identitystore.directory_changes import DirectoryChange
from carnet.services.identitystore.network import check_network
from carnet.services.operation import Call, Names, WriteCall
from carnet.services.target import AnyTarget, Found, Keys, Target

Member: TypeAlias = IdentityStoreUser | IdentityStoreGroup | IdentityStoreMembership
M = TypeVar("M", IdentityStoreUser, IdentityStoreGroup, IdentityStoreMembership)

_KINDS: dict[type[Member], tuple[str, str]] = {
    IdentityStoreUser: ("user", sentences.USER),
    IdentityStoreGroup: ("group", sentences.GROUP),
    IdentityStoreMembership: ("membership", sentences.MEMBERSHIP),
}
"""What stands in the ARN of one, and the ResourceType of an error."""


class StoreView(NamedTuple):
    """An identity store that the caller may use."""

    instance: Instance
    owner: AccountView


Whence: TypeAlias = Callable[[Call, Instance], bool]
"""Whether an operation on the identity store of an instance that the caller's account sees may be called from there."""


def anywhere(call: Call, instance: Instance) -> bool:
    """From every account that sees the instance: members of an organization read its people."""
    return True


def administrator(call: Call, instance: Instance) -> bool:
    """From the account that owns the instance, or the delegated administrator of the organization.

    https://docs.aws.amazon.com/singlesignon/latest/userguide/delegated-admin.html
    """
    return is_administrator(call.snapshot, instance, call.account)


def plain_id(given: str) -> str:
    """An id, which the request may give as an ARN."""
    return given.rpartition("/")[2]


def identity_store(whence: Whence) -> Names[StoreView]:
    """The identity store IdentityStoreId."""

    def target(call: Call, given: Any) -> Target[StoreView]:
        return in_store(call, given, whence, lambda store: (store,))

    return target


def member(whence: Whence, kind: type[M], parameter: str, missing: str | None = None) -> Names[StoreView, M]:
    """The user, group or membership whose id is in that member of the input; `missing` makes the error if there is
    none."""

    def target(call: Call, given: Any) -> Target[StoreView, M]:
        def found_in(store: StoreView) -> tuple[StoreView, M] | Fault:
            found = find(store, kind, given[parameter])
            return sentences.missing(_KINDS[kind][1], missing) if found is None else (store, found)

        return in_store(call, given, whence, found_in)

    return target


def find(store: StoreView, kind: type[M], given: str) -> M | None:
    """The entity of that id or ARN in the identity store."""
    if given.startswith("arn:") and f":{_KINDS[kind][0]}/" not in given:
        return None
    return store.owner.of(kind).get(plain_id(given))


def in_store(
    call: Call, given: Any, whence: Whence, find_in: Callable[[StoreView], tuple[*Found] | Fault]
) -> Target[*Found]:
    """The target that a function finds in the identity store IdentityStoreId."""
    wanted = plain_id(given["IdentityStoreId"])
    instances = visible_instances(call.snapshot, call.account)
    instance = next((each for each in instances if each.identity_store == wanted), None)
    if instance is None:
        arn = f"arn:{call.partition}:identitystore::{call.account}:identitystore/{wanted}"
        return Target(arn=arn, account=call.account, found=sentences.missing(sentences.IDENTITY_STORE))
    store = StoreView(instance, call.snapshot.accounts[instance.account])
    # The caller's own policies decide on resources of the management account, as on all that Organizations shares.
    return Target(
        arn=instance.identity_store_arn, account=call.account, found=_find_in_store(call, store, whence, find_in)
    )


def _find_in_store(
    call: Call, store: StoreView, whence: Whence, find_in: Callable[[StoreView], tuple[*Found] | Fault]
) -> tuple[*Found] | Fault:
    if not whence(call, store.instance):
        return sentences.not_for_this_account()
    refused = check_network(call, store.instance)
    return find_in(store) if refused is None else refused


def change(call: WriteCall, store: StoreView) -> DirectoryChange:
    """The change by a call."""
    return DirectoryChange(
        store=call.store,
        ids=call.ids,
        instance=store.instance,
        view=store.owner,
        by=call.caller.principal.arn,
        now=call.now,
        quotas=call.quotas_of(store.owner),
    )


def given_arn(kind: type[Member], parameter: str) -> Callable[[Any, AnyTarget], Iterator[str]]:
    """For `acts_on=`: the user, group or membership of the id in that member of the input, whether or not it exists."""

    def arns(given: Any, target: AnyTarget) -> Iterator[str]:
        yield arn_of(target, kind, plain_id(given[parameter]))

    return arns


def every(kind: type[Member]) -> Callable[[Any, AnyTarget], Iterator[str]]:
    """For `acts_on=`: all users, groups or memberships."""

    def arns(given: Any, target: AnyTarget) -> Iterator[str]:
        yield arn_of(target, kind, "*")

    return arns


def found_arns(kind: type[Member]) -> Callable[[Any, AnyTarget], Iterator[str]]:
    """For `acts_on=`: the found resource, or `*` if there is none, so that only who may act on all learns it."""

    def arns(given: Any, target: AnyTarget) -> Iterator[str]:
        found = () if isinstance(target.found, Fault) else target.found
        named = next((each.id for each in found if isinstance(each, kind)), "*")
        yield arn_of(target, kind, named)

    return arns


def arn_of(target: AnyTarget, kind: type[Member], resource_id: str) -> str:
    """The ARN of a user, group or membership, which contains no account."""
    return f"{target.arn.partition(':identitystore:')[0]}:identitystore:::{_KINDS[kind][0]}/{resource_id}"


def primary_region(call: Call, given: Any, target: AnyTarget) -> Keys:
    """identitystore:PrimaryRegion: the Region of the instance, if the caller's account sees it."""
    wanted = target.arn.rpartition("/")[2]
    instances = visible_instances(call.snapshot, call.account)
    region = next((each.region for each in instances if each.identity_store == wanted), None)
    return {} if region is None else {"identitystore:PrimaryRegion": region}
