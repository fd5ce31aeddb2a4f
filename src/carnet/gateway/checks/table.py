"""The checks of an operation by the table of `catalog.operations`."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import product
from math import prod

from msgspec import Struct

from carnet.catalog.operations import CheckRule, OperationRule, ResourceRule, operation_rules, services
from carnet.gateway.checks.check import Asked, Check, Sought, invalid, not_decided
from carnet.gateway.checks.hand import Hand
from carnet.gateway.checks.members import at, is_there
from carnet.gateway.checks.naming import Named, by_arn, by_name

MOST_CHECKS = 1_000
"""The most checks of one request: as many as the longest list that AWS takes has items."""


def rule_of(asked: Asked) -> OperationRule:
    """The rule of an operation; refused if there is none."""
    rule = operation_rules(asked.service).get(asked.operation) if asked.service in services() else None
    if rule is None:
        raise not_decided(asked, "which permissions it needs is not known")
    return rule


def from_table(asked: Asked, hand: Hand) -> tuple[Check, ...]:
    """What the request needs; refused if it names no resource."""
    rule = rule_of(asked)
    for member in rule.undecided:
        if is_there(asked.members, member):
            raise not_decided(asked, f"which permissions a request with {member} needs is not known")
    checks = tuple(check for one in rule.checks for check in _checks(asked, one, hand))
    if not checks:
        raise not_decided(asked, "the request names no resource")
    if len(checks) > MOST_CHECKS:
        raise invalid("The request names too many resources.")
    return checks


class _Candidate(Struct, frozen=True, kw_only=True):
    """What one text of the request may name."""

    text: str
    """What tells the resource from others of its type."""
    values: tuple[str, ...]
    """All that its ARN is made of."""
    named: Named | None
    """None if it is of another type."""

    @property
    def weight(self) -> int:
        return len(self.values)


def named_by(asked: Asked, rule: CheckRule, hand: Hand) -> tuple[Named, ...]:
    """The resources that the request names for one permission, each once; empty if it names none."""
    found: list[_Candidate] = []
    opened: list[Named] = []
    for resource in rule.resources:
        candidates = [*_by_members(asked, rule, resource, hand), *_by_arns(asked, rule, resource, hand)]
        _agree(resource, candidates)
        found += candidates
        if resource.open and (not candidates or _has_gaps(asked, resource)):
            opened.append(_open_resource(asked, rule, resource, hand))
    chosen = tuple(_choose_resources(asked, rule, found))
    return (
        (*chosen, *(one for one in opened if one.type in {other.type for other in chosen}))
        if chosen
        else tuple(opened[:1])
    )


def _agree(resource: ResourceRule, candidates: Iterable[_Candidate]) -> None:
    """Raises Refused if a name and an ARN tell different resources: nobody knows which one is acted on."""
    members = [path for paths in resource.members.values() for path in paths] + [*resource.arn_members]
    named = {one.named for one in candidates if one.named is not None}
    if len(named) > 1 and not any("[]" in path for path in members):
        raise invalid(f"{' and '.join(members)} name different resources.")


def _choose_resources(asked: Asked, rule: CheckRule, found: list[_Candidate]) -> Iterator[Named]:
    """Each text names one resource, of the type that most of the request tells: an index, and not its table."""
    fitting = [one for one in found if one.named is not None]
    if unfit := {one.text for one in found} - {one.text for one in fitting}:
        raise invalid(f"{min(unfit)[:100]!r} is not the name of a resource that {rule.action} is decided on.")
    best = max((one.weight for one in fitting), default=0)
    chosen = [one for one in fitting if one.weight == best]
    if {one.text for one in fitting} - {value for one in chosen for value in one.values}:
        raise not_decided(asked, "the request names resources of several types")
    by_text: dict[str, set[str | Sought]] = {}
    for one in chosen:
        assert one.named is not None, "only what fits is chosen"
        by_text.setdefault(one.text, set()).add(one.named.resource)
    if best < 2 and any(len(resources) > 1 for resources in by_text.values()):
        raise not_decided(asked, "the request names resources of several types")
    yield from dict.fromkeys(one.named for one in chosen if one.named is not None)


def _checks(asked: Asked, rule: CheckRule, hand: Hand) -> Iterator[Check]:
    if not rule.resources:
        yield hand.on_nothing(asked, rule.action)
        return
    named = named_by(asked, rule, hand)
    if not named and (rule.required or _is_there(asked, rule)):
        raise not_decided(asked, f"the request does not tell which resource {rule.action} is decided on")
    for one in named:
        yield Check(action=rule.action, resource=one.resource, account=one.account, type=one.type, shown=one.shown)


def _is_there(asked: Asked, rule: CheckRule) -> bool:
    """Whether the request names something, although of no type that fits."""
    members = (one for resource in rule.resources for one in _identity(resource))
    return any(is_there(asked.members, path) for path in members)


def _identity(resource: ResourceRule) -> tuple[str, ...]:
    last = list(resource.members.values())[-1] if resource.members else ()
    return (*resource.arn_members, *last)


def _open_resource(asked: Asked, rule: CheckRule, resource: ResourceRule, hand: Hand) -> Named:
    """What is yet to be made, or everything that the rest of the ARN allows."""
    given = {
        variable: _variable_values(asked, rule, variable, paths, hand) for variable, paths in resource.members.items()
    }
    first = {variable: values[0] for variable, values in given.items() if values and not _is_list(resource, variable)}
    named = by_name(resource, first, asked.scope)
    if named is None:
        raise not_decided(asked, "the request names a resource of another type")
    return named


def _is_list(resource: ResourceRule, variable: str) -> bool:
    return any("[]" in path for path in resource.members[variable])


def _has_gaps(asked: Asked, resource: ResourceRule) -> bool:
    return any(None in tuple(at(asked.members, path)) for paths in resource.members.values() for path in paths)


def _by_members(asked: Asked, rule: CheckRule, resource: ResourceRule, hand: Hand) -> Iterator[_Candidate]:
    given = {
        variable: _variable_values(asked, rule, variable, paths, hand) for variable, paths in resource.members.items()
    }
    if not given or not all(given.values()):
        return
    if prod(map(len, given.values())) > MOST_CHECKS:
        raise invalid("The request names too many resources.")
    naming = hand.names.get(resource.type, by_name)
    for values in product(*given.values()):
        named = naming(resource, dict(zip(given, values, strict=True)), asked.scope)
        yield _Candidate(text=values[-1], values=values, named=named)


def _variable_values(
    asked: Asked, rule: CheckRule, variable: str, paths: tuple[str, ...], hand: Hand
) -> tuple[str, ...]:
    """What the request gives for one variable: one text, or those of a list."""
    default = hand.defaults.get(variable)
    found: dict[str, tuple[str, ...]] = {}
    for path in paths:
        held = [value if value is not None else default for value in at(asked.members, path)]
        if None in held and rule.required and not any(one.open for one in rule.resources):
            raise not_decided(asked, f"{path} is not given everywhere")
        if any(held):
            found[path] = tuple(dict.fromkeys(value for value in held if value is not None))
    if len(found) > 1 and any("[]" not in path for path in found) and len({*found.values()}) > 1:
        raise invalid(f"{' and '.join(found)} name different resources.")
    given = tuple(dict.fromkeys(value for values in found.values() for value in values))
    return given or ((default,) if default is not None else ())


def _by_arns(asked: Asked, rule: CheckRule, resource: ResourceRule, hand: Hand) -> Iterator[_Candidate]:
    reading = hand.arns.get(resource.type, by_arn)
    for path in resource.arn_members:
        for arn in at(asked.members, path):
            if arn is not None:
                yield _Candidate(text=arn, values=(arn,), named=reading(resource, arn, asked.scope))
            elif rule.required:
                raise not_decided(asked, f"{path} is not given everywhere")
