"""Settings of a rule of a backup policy that may not be together, as recorded from AWS.

https://docs.aws.amazon.com/organizations/latest/userguide/orgs_manage_policies_backup_syntax.html
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

CONTINUOUS = "enable_continuous_backup"
ARCHIVE = "opt_in_to_archive_for_supported_resources"
COLD = "move_to_cold_storage_after_days"
DELETE = "delete_after_days"
SCHEDULE = "schedule_expression"

_MOST_CONTINUOUS = 35
"""How many days a continuous backup is kept at most."""
_LEAST_COLD = 90
"""How many days a backup is in cold storage at least."""
_NUMBER = re.compile("[0-9]{1,16}", re.ASCII)
_ONCE_A_MONTH = re.compile(
    r"cron\([0-9]+ [0-9]+ (?:(?:[0-9]+W?|LW?|L-[0-9]+W?) \S+ \?|\? \S+ [0-9A-Za-z]+(?:#[0-9]|L))(?: \S+)*\)", re.ASCII
)
"""On one day of the month: the 15th, the last, the second Monday, the last Friday."""


def conflicts(settings: Mapping[str, str]) -> Iterator[tuple[str, ...]]:
    """The names of settings, given with their values, that may not be together."""
    kept, cold = _days(settings, DELETE), _days(settings, COLD)
    if settings.get(CONTINUOUS) == "true" and kept is not None and kept > _MOST_CONTINUOUS:
        yield CONTINUOUS, DELETE
    if settings.get(ARCHIVE) != "true":
        return
    if kept is not None and cold is not None and kept - cold < _LEAST_COLD:
        yield ARCHIVE, DELETE, COLD
    if SCHEDULE in settings and not _ONCE_A_MONTH.fullmatch(settings[SCHEDULE]):
        yield ARCHIVE, SCHEDULE


def _days(settings: Mapping[str, str], name: str) -> int | None:
    """None for what is no number of days, as policies may hold that an older release has taken."""
    return int(settings[name]) if _NUMBER.fullmatch(settings.get(name, "")) else None
