"""What the services behind the gateway say of an input that breaks a constraint of their models."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from botocore.model import ListShape, MapShape, StringShape

from carnet.models import COMMON_VOICE, Demand, Spoken, Unmet, Voice, operation

_NAMES_OF_ATTRIBUTES = ("attributes", "attributeNames", "messageSystemAttributeNames")


def _of_sqs(name: str, faults: Sequence[Unmet]) -> Spoken | None:
    """An unknown attribute is told by its name.

    https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_SetQueueAttributes.html#API_SetQueueAttributes_Errors
    """
    for fault in faults:
        if fault.demand is Demand.OF_EACH and fault.path in _NAMES_OF_ATTRIBUTES:
            return Spoken(f"Unknown Attribute {_first_unknown(name, fault)}.", {}, "InvalidAttributeName")
    return None


def _first_unknown(name: str, fault: Unmet) -> str:
    """The first text of a list, or key of a map, that the model does not have."""
    asked = operation("sqs", name).input
    assert asked is not None, "an operation without an input has no faults"
    shape = asked.members[fault.path[:1].upper() + fault.path[1:]]
    assert isinstance(shape, ListShape | MapShape), "something is asked of each of many"
    names = shape.member if isinstance(shape, ListShape) else shape.key
    assert isinstance(names, StringShape)
    assert isinstance(fault.value, Iterable)
    return next(str(given) for given in fault.value if given not in names.enum)


VOICES: Mapping[str, Voice] = {
    "lambda": Voice(never_null=frozenset(("Architecture", "Runtime"))),
    "sqs": Voice(of_faults=_of_sqs),
}
"""By the service's name; the others speak with the common voice."""


def voice_of(service: str) -> Voice:
    return VOICES.get(service, COMMON_VOICE)
