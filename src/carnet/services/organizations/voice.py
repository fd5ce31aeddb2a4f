"""How Organizations tells of validation errors: one InvalidInputException with a Reason.

https://docs.aws.amazon.com/organizations/latest/APIReference/API_CreateOrganizationalUnit.html#API_CreateOrganizationalUnit_Errors
"""

from __future__ import annotations

from carnet.models import Demand, Spoken, Voice

_REASONS = {
    Demand.PRESENT: "INPUT_REQUIRED",
    Demand.LENGTH_AT_MOST: "MAX_LENGTH_EXCEEDED",
    Demand.LENGTH_AT_LEAST: "MIN_LENGTH_EXCEEDED",
    Demand.VALUE_AT_MOST: "MAX_VALUE_EXCEEDED",
    Demand.VALUE_AT_LEAST: "MIN_VALUE_EXCEEDED",
    Demand.PATTERN: "INVALID_PATTERN",
    Demand.ONE_OF: "INVALID_ENUM",
    Demand.OF_EACH: "INVALID_LIST_MEMBER",
}
_NO_PATTERN = "You provided a value that does not match the required pattern."
_OTHERWISE = "You specified an invalid value."


def _of_demand(demand: Demand) -> Spoken:
    sentence = _NO_PATTERN if demand is Demand.PATTERN else _OTHERWISE
    return Spoken(sentence, {"Reason": _REASONS[demand]})


VOICE = Voice(code="InvalidInputException", of_demand=_of_demand)
