"""Virtual MFA devices, which are created, enabled for a user or the root user, and removed.

https://docs.aws.amazon.com/IAM/latest/APIReference/API_CreateVirtualMFADevice.html
https://docs.aws.amazon.com/IAM/latest/APIReference/API_EnableMFADevice.html
"""

from __future__ import annotations

import base64
from typing import TYPE_CHECKING, Any, NamedTuple

from carnet.base.faults import AlreadyExists, Denied, Fault, InUse, Invalid, Missing, TooMany
from carnet.entities.account import Account
from carnet.entities.entity import tag_list
from carnet.entities.mfa_device import MfaDevice, MfaKind, kind_of_serial
from carnet.entities.user import User
from carnet.identity.mfa import Codes, handed_over, with_seed
from carnet.identity.totp import SEED_BYTES
from carnet.services.iam import mfa_sentences, mfa_targets, sentences, shapes
from carnet.services.iam.kinds import MFA_DEVICES
from carnet.services.iam.mfa_codes import check_of_pair
from carnet.services.iam.qr_code import otpauth_uri, png
from carnet.services.iam.quotas import IamQuotas
from carnet.services.iam.service import iam
from carnet.services.iam.tagging import tags_of
from carnet.services.operation import Answer, Call, WriteCall, account_wide
from carnet.services.paging import page
from carnet.services.preparing import Pool, Preparation
from carnet.services.request_tags import request_tags, tagged_on_creation
from carnet.services.target import Target

if TYPE_CHECKING:
    from types_boto3_iam.type_defs import (
        CreateVirtualMFADeviceRequestTypeDef,
        DeactivateMFADeviceRequestTypeDef,
        DeleteVirtualMFADeviceRequestTypeDef,
        EnableMFADeviceRequestTypeDef,
        GetMFADeviceRequestTypeDef,
        ListMFADevicesRequestTypeDef,
        ListVirtualMFADevicesRequestTypeDef,
        ResyncMFADeviceRequestTypeDef,
    )

_QR_CODES = Pool(name="qr-codes", size=1, waiting=32, seconds=5.0)


class _Seed(NamedTuple):
    """A new seed, and its QR code."""

    seed: bytes
    base32: bytes
    picture: bytes


def _new_seed(call: Call, given: CreateVirtualMFADeviceRequestTypeDef) -> _Seed:
    seed = call.ids.random(SEED_BYTES)
    base32 = base64.b32encode(seed)
    account = call.view.account
    uri = otpauth_uri(given["VirtualMFADeviceName"], account.alias or account.id, base32.decode("ascii"))
    return _Seed(seed, base32, png(uri))


@iam.write(
    "CreateVirtualMFADevice",
    on=mfa_targets.new_device,
    also=(tagged_on_creation("iam:TagMFADevice"),),
    context=(request_tags,),
    prepare=Preparation(pool=_QR_CODES, work=_new_seed),
)
def create_virtual_mfa_device(call: WriteCall, given: CreateVirtualMFADeviceRequestTypeDef) -> Answer:
    """Create a device that is enabled for nobody. Only this answer has its seed, which is stored sealed."""
    quotas: IamQuotas = call.quotas
    if len(call.view.of(MfaDevice)) >= quotas.users:
        raise TooMany(sentences.quota("VirtualMFADevicesPerAccount", quotas.users))
    made: _Seed = call.prepared
    unsealed = MfaDevice(
        id=call.ids.uuid(),
        account=call.account,
        partition=call.partition,
        path=given.get("Path", "/"),
        name=given["VirtualMFADeviceName"],
        tags=tags_of(call, MFA_DEVICES, given),
        created=call.now,
        sealed_seed=b"",
    )
    device = with_seed(call.parts.keyring, unsealed, made.seed)
    MFA_DEVICES.add(call, device)
    shape = {"SerialNumber": device.serial, "Base32StringSeed": made.base32, "QRCodePNG": made.picture}
    return {"VirtualMFADevice": shape | ({"Tags": tag_list(device.tags)} if device.tags else {})}


def _to_enable(call: Call, given: EnableMFADeviceRequestTypeDef, holder: User | Account) -> MfaDevice:
    """The device that may be enabled for the holder. Raises Denied, Missing, AlreadyExists, TooMany."""
    _refuse_without_mfa(call, holder)
    device = call.view.mfa_device(given["SerialNumber"])
    if device is None:
        raise Missing(mfa_sentences.mfa_device_missing(given["SerialNumber"]))
    if device.holder is not None or device.kind is not MfaKind.VIRTUAL:
        own = device.holder == holder.id and isinstance(holder, User)
        told = mfa_sentences.mfa_device_enabled(holder.name) if own else mfa_sentences.MFA_DEVICE_OF_OTHERS
        raise AlreadyExists(told)
    quotas: IamQuotas = call.quotas
    if len(call.view.mfa_devices_of(holder.id)) >= quotas.mfa_devices_per_user:
        raise TooMany(sentences.quota("MFADevicesPerUser", quotas.mfa_devices_per_user))
    return device


def _enabled_device(call: Call, given: Any, holder: User | Account) -> MfaDevice:
    """The device that is enabled for the holder. Raises Missing, also if it is enabled for somebody else."""
    device = call.view.mfa_device(given["SerialNumber"])
    if device is None:
        raise Missing(mfa_sentences.virtual_mfa_device_missing(given["SerialNumber"]))
    if device.holder != holder.id:
        raise Missing(mfa_sentences.MFA_DEVICE_NOT_OF_USER)
    return device


def _refuse_without_mfa(call: Call, holder: User | Account) -> None:
    """Raise Denied if a user who has a device changes its own devices without MFA, as a thief of its key would.

    https://aws.amazon.com/security/security-bulletins/AWS-2023-001/
    """
    own = isinstance(holder, User) and call.caller.principal.id == holder.id
    with_mfa = call.context.principal.get("aws:MultiFactorAuthPresent") == "true"
    if own and not with_mfa and call.view.mfa_devices_of(holder.id):
        raise Denied(mfa_sentences.MFA_NEEDED_FOR_OWN_DEVICES)


def _holder(target: Target[User | Account]) -> User | Account:
    if isinstance(target.found, Fault):
        raise target.found
    return target.found[0]


def _pair_to_enable(call: Call, given: EnableMFADeviceRequestTypeDef) -> Codes:
    return _pair(_to_enable(call, given, _holder(mfa_targets.holder(call, given))), given)


def _pair_to_resync(call: Call, given: ResyncMFADeviceRequestTypeDef) -> Codes:
    return _pair(_enabled_device(call, given, _holder(mfa_targets.holder(call, given))), given)


def _pair(device: MfaDevice, given: EnableMFADeviceRequestTypeDef | ResyncMFADeviceRequestTypeDef) -> Codes:
    return Codes(device=device, codes=(given["AuthenticationCode1"], given["AuthenticationCode2"]))


@iam.write("EnableMFADevice", on=mfa_targets.holder, prepare=check_of_pair(_pair_to_enable))
def enable_mfa_device(call: WriteCall, given: EnableMFADeviceRequestTypeDef, holder: User | Account) -> Answer:
    """Enable a device for a user, or for the calling root user, once two consecutive codes of it are verified."""
    device = _to_enable(call, given, holder)
    call.store.save(handed_over(call.parts.keyring, device, holder.id, call.now))
    return {}


@iam.write("ResyncMFADevice", on=mfa_targets.holder, prepare=check_of_pair(_pair_to_resync))
def resync_mfa_device(call: WriteCall, given: ResyncMFADeviceRequestTypeDef, holder: User | Account) -> Answer:
    """Synchronize a device by two consecutive codes. Verifying them has made the change already."""
    _enabled_device(call, given, holder)
    return {}


@iam.write("DeactivateMFADevice", on=mfa_targets.holder)
def deactivate_mfa_device(call: WriteCall, given: DeactivateMFADeviceRequestTypeDef, holder: User | Account) -> Answer:
    """Deactivate a device for its holder. A virtual device is kept, enabled for nobody; a passkey is removed."""
    _refuse_without_mfa(call, holder)
    device = _enabled_device(call, given, holder)
    if device.kind is MfaKind.VIRTUAL:
        call.store.save(handed_over(call.parts.keyring, device, None, None))
    else:
        call.store.remove(device)
    return {}


@iam.write("DeleteVirtualMFADevice", on=mfa_targets.device)
def delete_virtual_mfa_device(
    call: WriteCall, given: DeleteVirtualMFADeviceRequestTypeDef, device: MfaDevice
) -> Answer:
    """Remove a device that is enabled for nobody."""
    if device.holder is not None:
        raise InUse(mfa_sentences.DEACTIVATE_MFA_DEVICE_FIRST)
    call.store.remove(device)
    return {}


@iam.read("GetMFADevice", on=mfa_targets.holder)
def get_mfa_device(call: Call, given: GetMFADeviceRequestTypeDef, holder: User | Account) -> Answer:
    """A passkey or security key that is enabled for a user, or for the caller. AWS answers no virtual devices here."""
    if kind_of_serial(given["SerialNumber"]) is not MfaKind.FIDO:
        raise Invalid(mfa_sentences.MFA_DEVICE_IS_NO_SECURITY_KEY)
    return shapes.mfa_device(_enabled_device(call, given, holder), holder)


@iam.read("ListMFADevices", on=mfa_targets.holder)
def list_mfa_devices(call: Call, given: ListMFADevicesRequestTypeDef, holder: User | Account) -> Answer:
    """The devices that are enabled for a user, or for the caller."""
    devices = call.view.mfa_devices_of(holder.id)
    found = page(call.paging, "ListMFADevices", devices, given, key=lambda device: device.name_key)
    return found.answer("MFADevices", lambda device: shapes.mfa_device(device, holder))


@iam.read("ListVirtualMFADevices", on=account_wide)
def list_virtual_mfa_devices(call: Call, given: ListVirtualMFADevicesRequestTypeDef) -> Answer:
    """The virtual devices of the account; AssignmentStatus selects those that are, or are not, enabled for somebody."""
    status = given.get("AssignmentStatus", "Any")

    def wanted(device: MfaDevice) -> bool:
        assigned = device.holder is not None
        return device.kind is MfaKind.VIRTUAL and status in ("Any", "Assigned" if assigned else "Unassigned")

    devices = call.view.of(MfaDevice).sorted()
    found = page(
        call.paging, "ListVirtualMFADevices", devices, given, key=lambda device: device.name_key, matching=wanted
    )
    return found.answer("VirtualMFADevices", lambda device: shapes.virtual_mfa_device(call.view, device))
