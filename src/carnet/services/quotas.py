"""Quotas that an installation, or one of its accounts, has instead of AWS's defaults.

https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from functools import lru_cache
from typing import Any

from carnet.directory.account_view import AccountView
from carnet.entities.iam_settings import IamSettings

Numbers = Mapping[str, int]


def quotas_for(own: Any, installation: Numbers, view: AccountView) -> Any:
    """A service's quotas for an account: what was set for it, else for the installation, else the service's own."""
    settings = view.of(IamSettings).get(view.account.id)
    account: Numbers = {} if settings is None else settings.quotas
    if own is None or not (installation or account):
        return own
    return _changed(own, tuple(sorted({**installation, **account}.items())))


@lru_cache(1024)
def _changed(own: Any, numbers: tuple[tuple[str, int], ...]) -> Any:
    names = {field.name for field in dataclasses.fields(own)}
    return dataclasses.replace(own, **{name: number for name, number in numbers if name in names})
