"""The credential report: one line for root and for each user, and the state of the credentials of each.

https://docs.aws.amazon.com/IAM/latest/UserGuide/id_credentials_getting-report.html
"""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime

from carnet.base.timestamps import iso_seconds
from carnet.directory.account_view import AccountView
from carnet.directory.last_used import LastUsed
from carnet.entities.access_key import AccessKey
from carnet.entities.account import Account
from carnet.entities.login_profile import LoginProfile
from carnet.entities.password_policy import PasswordPolicy
from carnet.entities.signing_certificate import SigningCertificate
from carnet.entities.user import User
from carnet.store.last_used import KeyUse

_NOT_APPLICABLE, _NOT_SUPPORTED, _NO_INFORMATION = "N/A", "not_supported", "no_information"
_ROOT = "<root_account>"


@dataclass(frozen=True, slots=True, kw_only=True)
class Holder:
    """The holder of the credentials in one line, and these credentials."""

    holder: User | Account
    keys: tuple[AccessKey, ...]
    """By id, as AWS was seen to have them."""
    use_of: Callable[[str], KeyUse | None]
    has_mfa: bool
    password: LoginProfile | None
    password_used: datetime | None
    password_policy: PasswordPolicy | None
    """The account's."""
    certificates: tuple[SigningCertificate, ...]
    """Inactive ones first, as AWS was seen to have them."""

    @property
    def is_root(self) -> bool:
        return isinstance(self.holder, Account)


def credential_report(view: AccountView, last_used: LastUsed) -> str:
    """The report as CSV: the header, root, and the users by name. The last line has no line end."""
    text = io.StringIO()
    lines = csv.writer(text, lineterminator="\n")
    lines.writerow(COLUMNS)
    for holder in _holders(view, last_used):
        lines.writerow([column(holder) for column in COLUMNS.values()])
    return text.getvalue().removesuffix("\n")


def _holders(view: AccountView, last_used: LastUsed) -> Iterator[Holder]:
    holders: tuple[User | Account, ...] = (view.account, *view.of(User).sorted())
    for holder in holders:
        keys = tuple(sorted(view.keys_of(holder.id), key=lambda key: key.id))
        yield Holder(
            holder=holder,
            keys=keys,
            use_of=last_used.key,
            has_mfa=bool(view.mfa_devices_of(holder.id)),
            password=view.of(LoginProfile).get(holder.id),
            password_used=use.when if (use := last_used.password(holder.id)) is not None else None,
            password_policy=view.account.password_policy,
            certificates=_certificates(view, holder.id),
        )


def _certificates(view: AccountView, owner: str) -> tuple[SigningCertificate, ...]:
    found = view.of(SigningCertificate).referring("owner", owner)
    return tuple(sorted(found, key=lambda one: (one.active, one.created, one.id)))


def _user(holder: Holder) -> str:
    return holder.holder.name if isinstance(holder.holder, User) else _ROOT


def _arn(holder: Holder) -> str:
    return holder.holder.arn if isinstance(holder.holder, User) else holder.holder.root_arn


def _creation_time(holder: Holder) -> str:
    return iso_seconds(holder.holder.created)


def _password_enabled(holder: Holder) -> str:
    return _truth(value=holder.password is not None)


def _password_last_used(holder: Holder) -> str:
    """AWS never says of root that the password is not applicable."""
    if holder.password is None and not holder.is_root:
        return _NOT_APPLICABLE
    return iso_seconds(holder.password_used) if holder.password_used is not None else _NO_INFORMATION


def _password_last_changed(holder: Holder) -> str:
    return _NOT_APPLICABLE if holder.password is None else iso_seconds(holder.password.changed)


def _password_next_rotation(holder: Holder) -> str:
    if holder.is_root:
        return _NOT_SUPPORTED
    expires = holder.password.expires(holder.password_policy) if holder.password is not None else None
    return _NOT_APPLICABLE if expires is None else iso_seconds(expires)


def _mfa_active(holder: Holder) -> str:
    return _truth(value=holder.has_mfa)


def _key_active(number: int) -> Callable[[Holder], str]:
    return lambda holder: _truth(value=any(key.active for key in _key(holder, number)))


def _key_last_rotated(number: int) -> Callable[[Holder], str]:
    return lambda holder: _one_of(iso_seconds(key.created) for key in _key(holder, number))


def _key_last_used(number: int, told: Callable[[KeyUse], str]) -> Callable[[Holder], str]:
    return lambda holder: _one_of(
        told(use) for key in _key(holder, number) if (use := holder.use_of(key.id)) is not None
    )


def _certificate_active(number: int) -> Callable[[Holder], str]:
    return lambda holder: _truth(value=any(one.active for one in holder.certificates[number - 1 : number]))


def _certificate_last_rotated(number: int) -> Callable[[Holder], str]:
    return lambda holder: _one_of(iso_seconds(one.created) for one in holder.certificates[number - 1 : number])


def _key(holder: Holder, number: int) -> tuple[AccessKey, ...]:
    """The first or second access key; None if there is none."""
    return holder.keys[number - 1 : number]


def _one_of(values: Iterator[str]) -> str:
    return next(values, "") or _NOT_APPLICABLE


def _truth(*, value: bool) -> str:
    return "true" if value else "false"


COLUMNS: dict[str, Callable[[Holder], str]] = {
    "user": _user,
    "arn": _arn,
    "user_creation_time": _creation_time,
    "password_enabled": _password_enabled,
    "password_last_used": _password_last_used,
    "password_last_changed": _password_last_changed,
    "password_next_rotation": _password_next_rotation,
    "mfa_active": _mfa_active,
    "access_key_1_active": _key_active(1),
    "access_key_1_last_rotated": _key_last_rotated(1),
    "access_key_1_last_used_date": _key_last_used(1, lambda use: iso_seconds(use.when)),
    "access_key_1_last_used_region": _key_last_used(1, lambda use: use.region),
    "access_key_1_last_used_service": _key_last_used(1, lambda use: use.service),
    "access_key_2_active": _key_active(2),
    "access_key_2_last_rotated": _key_last_rotated(2),
    "access_key_2_last_used_date": _key_last_used(2, lambda use: iso_seconds(use.when)),
    "access_key_2_last_used_region": _key_last_used(2, lambda use: use.region),
    "access_key_2_last_used_service": _key_last_used(2, lambda use: use.service),
    "cert_1_active": _certificate_active(1),
    "cert_1_last_rotated": _certificate_last_rotated(1),
    "cert_2_active": _certificate_active(2),
    "cert_2_last_rotated": _certificate_last_rotated(2),
}
"""Name of each column to its value, in AWS's order."""
