"""The settings of an instance, which are stored if one of them is not the default."""

from __future__ import annotations

from carnet.entities.instance_settings import InstanceSettings
from carnet.services.operation import WriteCall
from carnet.services.sso_admin.callers import Held


def settings_of(held: Held) -> InstanceSettings:
    """The settings of an instance."""
    return held.view.of(InstanceSettings).get(held.instance.id) or default_settings(held)


def default_settings(held: Held) -> InstanceSettings:
    """The settings of an instance that has stored none."""
    return InstanceSettings(id=held.instance.id, account=held.instance.account)


def keep(call: WriteCall, held: Held, settings: InstanceSettings) -> None:
    """Store the settings; the defaults are not stored."""
    before = held.view.of(InstanceSettings).get(held.instance.id)
    after = None if settings == default_settings(held) else settings
    if before == after:
        return
    if before is None:
        call.store.add(settings)
    elif after is None:
        call.store.remove(before)
    else:
        call.store.save(after)
