"""Quotas that the operator sets in place of AWS's: how they are written, and how they are set for one account."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping

from carnet.base.faults import Missing
from carnet.entities.iam_settings import IamSettings
from carnet.policy.lint.near import nearest
from carnet.services.iam.quotas import IamQuotas
from carnet.services.identitystore.quotas import IdentityStoreQuotas
from carnet.services.operator_event import operator_event
from carnet.services.organizations.quotas import OrganizationsQuotas
from carnet.services.sso_admin.quotas import SsoQuotas
from carnet.services.sts.quotas import StsQuotas
from carnet.services.transaction import OperatorCall

MOST = 1_000_000
"""The highest number that a quota may be set to: far more than AWS raises one to."""
DEFAULTS: Mapping[str, int] = {
    field.name: getattr(quotas, field.name)
    for quotas in (IamQuotas(), StsQuotas(), OrganizationsQuotas(), SsoQuotas(), IdentityStoreQuotas())
    for field in dataclasses.fields(quotas)
}
"""Every quota, by the name under which it can be set, and AWS's default."""


def read_quotas(text: str) -> dict[str, int]:
    """`users=10000,roles=5000`. Raises ValueError, whose text says what is wrong."""
    pairs = [pair.strip().partition("=") for pair in text.split(",") if pair.strip()]
    return {name: _number(name, number) for name, _, number in pairs}


def set_quotas(call: OperatorCall, *, account: str, changes: Mapping[str, int | None]) -> Mapping[str, int]:
    """Set quotas of an account, and remove those that are None; returns what is set afterwards. Raises Missing."""
    with call.transaction() as transaction:
        unit, view = transaction.unit, transaction.snapshot.account(account)
        if view is None:
            raise Missing(f"There is no account {account}.")
        before = view.of(IamSettings).get(account)
        settings = before or IamSettings(account=account)
        quotas = {name: number for name, number in {**settings.quotas, **changes}.items() if number is not None}
        if quotas != settings.quotas:
            save = unit.add if before is None else unit.save
            save(dataclasses.replace(settings, quotas=quotas))
            unit.audit(operator_event("SetAccountQuotas", {"account": account, "quotas": quotas}, call.now))
    return quotas


def _number(name: str, text: str) -> int:
    if name not in DEFAULTS:
        meant = nearest(name, DEFAULTS)
        hint = f"did you mean {meant!r}? The quotas are" if meant else "the quotas are"
        raise ValueError(f"{name!r} is no quota; {hint}: {', '.join(DEFAULTS)}.")
    if not (text.isascii() and text.isdigit() and len(text) <= len(str(MOST)) and int(text) <= MOST):
        raise ValueError(f"The quota {name} needs a number from 0 to {MOST}, as in {name}={DEFAULTS[name]}.")
    return int(text)
