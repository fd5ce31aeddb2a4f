"""What may be wrong with an effective policy although each policy that it is made of was taken.

Of backup policies a plan needs rules, Regions and selections, which may come from policies of several levels.

https://docs.aws.amazon.com/organizations/latest/userguide/invalid-policy-alerts.html
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from carnet.entities.organization_policy import PolicyType
from carnet.services.effective_policies import MOST_BYTES, EffectivePolicy
from carnet.services.inheritance import Setting
from carnet.services.organizations.backup_dependencies import conflicts

_MOST_RULES = 10
"""Of one backup plan."""


@dataclass(frozen=True, slots=True, kw_only=True)
class EffectiveError:
    """An error in an effective policy; `path` is its place, `plans/daily/rules`."""

    code: str
    message: str
    path: str
    policies: tuple[str, ...]
    """The ids of the policies that have a part in it."""

    def listed_by(self) -> str:
        return f"{self.path} {self.code} {self.message}"

    def shown(self) -> dict[str, object]:
        return {
            "ErrorCode": self.code,
            "ErrorMessage": self.message,
            "PathToError": self.path,
            "ContributingPolicies": list(self.policies),
        }


def effective_errors(effective: EffectivePolicy, policy_type: PolicyType) -> tuple[EffectiveError, ...]:
    """The errors, in the order in which they are listed."""
    if effective.too_large:
        message = f"The effective policy exceeds the allowed maximum limit {MOST_BYTES}"
        return (EffectiveError(code="ELEMENTS_TOO_MANY", message=message, path="", policies=()),)
    if policy_type is not PolicyType.BACKUP:
        return ()
    plans = effective.setting.members.get("plans", Setting())
    found = [error for name, plan in _members(plans) for error in _of_plan(f"plans/{name}", plan)]
    return tuple(sorted(found, key=lambda error: error.listed_by().encode()))


def _of_plan(path: str, plan: Setting) -> Iterator[EffectiveError]:
    yield from _missing_names(path, plan, "rules", "regions", "selections")
    yield from _too_few(path, plan, "rules", "regions", "selections")
    rules = plan.members.get("rules", Setting())
    if len(_members(rules)) > _MOST_RULES:
        yield _error(
            "ELEMENTS_TOO_MANY", f"'rules' exceeds the allowed maximum limit {_MOST_RULES}", f"{path}/rules", rules
        )
    for name, rule in _members(rules):
        yield from _missing_names(f"{path}/rules/{name}", rule, "target_backup_vault_name")
        yield from _wrong_together(f"{path}/rules/{name}", name, rule)
    selections = plan.members.get("selections", Setting())
    for name, selection in _members(selections.members.get("tags", Setting())):
        of_selection = f"{path}/selections/tags/{name}"
        yield from _missing_names(of_selection, selection, "iam_role_arn", "tag_key", "tag_value")
        yield from _too_few(of_selection, selection, "tag_value")
    for name, selection in _members(selections.members.get("resources", Setting())):
        of_selection = f"{path}/selections/resources/{name}"
        needed = ("iam_role_arn",) if "conditions" in selection.members else ("iam_role_arn", "resource_types")
        yield from _missing_names(of_selection, selection, *needed)
        yield from _too_few(of_selection, selection, "resource_types")


def _wrong_together(path: str, name: str, rule: Setting) -> Iterator[EffectiveError]:
    """What is told once, although it may be wrong of several copies."""
    own, told = _values(rule), set[str]()
    copies = rule.members.get("copy_actions", Setting())
    for holder in (rule, *(copy for _, copy in _members(copies))):
        settings = {**own, **_values(holder.members.get("lifecycle", Setting()))}
        for fields in conflicts(settings):
            told.add(",".join(f"{field}={settings[field]}" for field in fields))
    for each in told:
        message = f"Dependent fields {each} in policy block {name} are invalid when used together"
        yield _error("CROSS_ATTRIBUTE_VALIDATION", message, path, rule)


def _values(setting: Setting) -> dict[str, str]:
    """The members that are single values."""
    return {name: member.value for name, member in setting.members.items() if isinstance(member.value, str)}


def _members(setting: Setting) -> list[tuple[str, Setting]]:
    """The members that are not empty."""
    return [(name, member) for name, member in setting.members.items() if not member.is_empty]


def _missing_names(path: str, setting: Setting, *names: str) -> Iterator[EffectiveError]:
    there = {name for name, _ in _members(setting)}
    for name in names:
        if name not in there:
            yield _error("KEY_REQUIRED", f"'{name}' is missing", path, setting)


def _too_few(path: str, setting: Setting, *names: str) -> Iterator[EffectiveError]:
    for name, member in _members(setting):
        if name in names and member.value == ():
            message = f"'{name}' is less than the allowed minimum limit 1"
            yield _error("ELEMENTS_TOO_FEW", message, f"{path}/{name}", member)


def _error(code: str, message: str, path: str, setting: Setting) -> EffectiveError:
    return EffectiveError(code=code, message=message, path=path, policies=tuple(sorted(setting.policies)))
