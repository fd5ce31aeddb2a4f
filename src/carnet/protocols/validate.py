"""Whether an input keeps the constraints of the model, and AWS's sentence if it does not.

`2 validation errors detected: Value 'a b' at 'userName' failed to satisfy constraint: Member must ...; Value ...`

Some services look at the patterns of names and paths last: if nothing else is wrong, the first such fault is told by
itself, in a sentence of the service's own (see `models.Voice`).

https://docs.aws.amazon.com/IAM/latest/APIReference/CommonErrors.html
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from functools import cache, partial
from itertools import compress, islice
from typing import Any, NamedTuple

from botocore.model import ListShape, MapShape, Shape, StructureShape

from carnet.audit.redaction import KEY_IDS, SECRET_MEMBERS
from carnet.models import COMMON_VOICE, Demand, Operation, Service, Unmet, Voice
from carnet.protocols.constraints import MISSING, Constraint, Plain, broken, constraints_of, has_paths, plain
from carnet.protocols.errors import WireError

MOST_FINDINGS = 1_000
"""How many faults of an input are looked for: it can have one for each three of its bytes."""
_MOST_TOLD = 1_000
"""How many elements of a list or entries of a map a sentence repeats: many more than any may have."""
_SECRET = SECRET_MEMBERS | KEY_IDS
"""Members of which a wrong value may be a secret, though the model does not say so: it is not repeated."""


class _Finding(NamedTuple):
    """What is said of one fault."""

    sentence: str
    unmet: Unmet
    alone: bool = False
    """Whether it is told by itself, and only if no other kind of finding is."""


_Check = Callable[[Any, str, list[_Finding]], None]
"""Given a value, its path and the findings so far, adds what is wrong with the value."""
_Tell = Callable[[Any, str, Constraint], _Finding]
"""Given a value, its path and the constraint that it breaks, says so."""


def validate(operation: Operation, params: Mapping[str, Any], voice: Voice = COMMON_VOICE) -> None:
    """Raise WireError, with the first faults found (`MOST_FINDINGS`), unless the input keeps the model's constraints.

    `voice` is the service's: its code (ValidationError, ValidationException in the JSON protocols, or its own word) and
    its way of telling.
    """
    check = _compile_check(operation, voice)
    if check is None:
        return
    findings: list[_Finding] = []
    check(params, "", findings)
    if not findings:
        return
    told = voice.of_faults(operation.name, [finding.unmet for finding in findings]) if voice.of_faults else None
    if told is None:
        raise WireError(voice.code, _sentence(findings), operation)
    raise WireError(told.code or voice.code, told.sentence, operation, told.members)


def _sentence(findings: list[_Finding]) -> str:
    listed = [finding.sentence for finding in findings if not finding.alone]
    if not listed:
        return findings[0].sentence
    errors = "error" if len(listed) == 1 else "errors"
    return f"{len(listed)} validation {errors} detected: {'; '.join(listed)}"


@cache
def _compile_check(operation: Operation, voice: Voice) -> _Check | None:
    return _compiler(operation.service, voice).structure(operation.input) if operation.input else None


@cache
def _compiler(service: Service, voice: Voice) -> _Compiler:
    return _Compiler(voice)


class _Compiler:
    """Compiles the shapes of one service to checks; None for a shape that demands nothing."""

    def __init__(self, voice: Voice) -> None:
        self._voice = voice
        self._tell: _Tell = partial(_finding, voice) if voice.repeats_values else partial(_finding_without_value, voice)
        self._structures: dict[str, _Check] = {}

    def structure(self, shape: StructureShape) -> _Check:
        """The check of a structure's members; the path that it is given ends if a member's name may follow."""
        members: list[tuple[str, str, _Check | None]] = []
        names: list[str] = []
        required = frozenset(shape.required_members)

        def check(value: Mapping[str, Any], path: str, findings: list[_Finding]) -> None:
            due = value.keys() | required
            for name, step, check_member in compress(members, map(due.__contains__, names)):
                member = value.get(name)
                if member is None:
                    if name in required:
                        findings.append(_missing_finding(path + step))
                elif check_member is not None:
                    check_member(member, path + step, findings)

        # INVARIANT: known before its members are compiled, so that a shape which holds itself comes to an end.
        self._structures[shape.name] = check
        for name, member in self._told_in_order(shape):
            check_member = self._value(member, secret=name in _SECRET)
            if check_member or name in required:
                names.append(name)
                members.append((name, _lower_camel(name), check_member))
        return check

    def _told_in_order(self, shape: StructureShape) -> list[tuple[str, Shape]]:
        members = list(shape.members.items())
        return sorted(members, key=lambda member: _java_bucket(member[0])) if self._voice.by_hash else members

    def _value(self, shape: Shape, *, secret: bool = False) -> _Check | None:
        own = self._own(shape, constraints_of(shape), secret=secret)
        checks = [check for check in (own, *self._inner(shape)) if check]
        return _all_of(checks) if checks else None

    def _inner(self, shape: Shape) -> list[_Check | None]:
        if isinstance(shape, StructureShape):
            if shape.is_document_type:  # any JSON: AWS's model calls it a structure without members
                return []
            members = self._structures.get(shape.name) or self.structure(shape)
            return [lambda value, path, findings: members(value, f"{path}.", findings)]
        if isinstance(shape, ListShape):
            return [self._every(shape, shape.member, "Member", list), self._elements(shape)]
        if isinstance(shape, MapShape):
            keys = self._every(shape, shape.key, "Map keys", dict.keys)
            return [keys, self._every(shape, shape.value, "Map value", dict.values), self._entries(shape)]
        return []

    def _own(self, shape: Shape, constraints: tuple[Constraint, ...], *, secret: bool = False) -> _Check | None:
        if not constraints:
            return None
        tell = (
            partial(_finding_without_value, COMMON_VOICE) if secret or shape.metadata.get("sensitive") else self._tell
        )

        def check(value: Any, path: str, findings: list[_Finding]) -> None:
            findings.extend([tell(value, path, constraint) for constraint in broken(constraints, value)])

        return _unless_plain(text, check) if (text := plain(shape)) is not None else check

    def _every(self, shape: Shape, scalar: Shape, subject: str, items: Callable[[Any], Iterable[Any]]) -> _Check | None:
        """AWS tells the fault of a scalar in a list or map as one of the whole, with all that is asked of each."""
        each = () if has_paths(scalar) else constraints_of(scalar)
        told = [one.sentence + one.choices * self._voice.repeats_values for one in each]
        told += [MISSING] * (scalar.name in self._voice.never_null)
        whole = Constraint(
            holds=lambda value: all(
                item is not None and constraint.holds(item) for item in items(value) for constraint in each
            ),
            sentence=f"{subject} must satisfy constraint: [{', '.join(told)}]",
            demand=Demand.OF_EACH,
        )
        return self._own(shape, (whole,)) if each else None

    def _elements(self, shape: ListShape) -> _Check | None:
        check_element = self._value(shape.member) if has_paths(shape.member) else None
        if check_element is None:
            return None

        def check(value: list[Any], path: str, findings: list[_Finding]) -> None:
            for number, element in enumerate(value, 1):
                if len(findings) >= MOST_FINDINGS:
                    return
                check_element(element, f"{path}.{number}.member", findings)

        return check

    def _entries(self, shape: MapShape) -> _Check | None:
        check_value = self._value(shape.value) if has_paths(shape.value) else None
        if check_value is None:
            return None

        def check(value: dict[str, Any], path: str, findings: list[_Finding]) -> None:
            for key, item in value.items():
                if len(findings) >= MOST_FINDINGS:
                    return
                check_value(item, f"{path}.{key}.member", findings)

        return check


def _unless_plain(text: Plain, check: _Check) -> _Check:
    """The check of a text; most meet all demands, which costs little to see."""
    least, most, match = text

    def check_text(value: Any, path: str, findings: list[_Finding]) -> None:
        if not (least <= len(value) <= most and (match is None or match(value))):
            check(value, path, findings)

    return check_text


def _missing_finding(path: str) -> _Finding:
    sentence = f"Value null at '{path}' failed to satisfy constraint: {MISSING}"
    return _Finding(sentence, Unmet(Demand.PRESENT, path))


def _finding(voice: Voice, value: Any, path: str, constraint: Constraint) -> _Finding:
    demand = f"{constraint.sentence}{constraint.choices}"
    sentence = f"Value '{_java(value)}' at '{path}' failed to satisfy constraint: {demand}"
    unmet = Unmet(constraint.demand, path, value)
    return _own(voice, unmet, constraint) or _Finding(sentence, unmet)


def _finding_without_value(voice: Voice, value: Any, path: str, constraint: Constraint) -> _Finding:
    """Without the value."""
    sentence = f"Value at '{path}' failed to satisfy constraint: {constraint.sentence}"
    unmet = Unmet(constraint.demand, path, value)
    return _own(voice, unmet, constraint) or _Finding(sentence, unmet)


def _own(voice: Voice, unmet: Unmet, constraint: Constraint) -> _Finding | None:
    own = voice.own_sentence(unmet.path, constraint.pattern)
    return _Finding(own, unmet, alone=True) if own is not None else None


def _all_of(checks: list[_Check]) -> _Check:
    if len(checks) == 1:
        return checks[0]

    def check(value: Any, path: str, findings: list[_Finding]) -> None:
        for one in checks:
            one(value, path, findings)

    return check


def _java_bucket(name: str) -> int:
    """In which of the 16 buckets that a java.util.HashMap begins with a member is: in their order it is walked."""
    code = 0
    for character in _lower_camel(name):
        code = (code * 31 + ord(character)) & 0xFFFFFFFF
    return (code ^ code >> 16) & 15


def _lower_camel(name: str) -> str:
    return name[:1].lower() + name[1:]


def _java(value: Any) -> str:
    """A value as Java prints it, which is what AWS repeats; of a long list or map the beginning."""
    match value:
        case None:
            return "null"
        case bool():
            return "true" if value else "false"
        case dict():
            told = islice(value.items(), _MOST_TOLD)
            return f"{{{', '.join(f'{key}={_java(item)}' for key, item in told)}}}"
        case list():
            return f"[{', '.join(map(_java, islice(value, _MOST_TOLD)))}]"
        case _:
            return str(value)
