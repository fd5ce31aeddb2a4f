"""AWS's service models: which operations there are, what they take and answer, and how they fail."""

from carnet.models.load import EXTRACTS, FORWARDED, SERVICES, forwarded, operation, service
from carnet.models.older_forms import OLDER_FORMS, older_form, present_form
from carnet.models.regions import GLOBAL_REGIONS
from carnet.models.service import BEARER, NO_AUTH, SIGV4, ModelledError, Operation, Protocol, Service
from carnet.models.voice import COMMON_VOICE, Demand, Spoken, Unmet, Voice

__all__ = [
    "BEARER",
    "COMMON_VOICE",
    "EXTRACTS",
    "FORWARDED",
    "GLOBAL_REGIONS",
    "NO_AUTH",
    "OLDER_FORMS",
    "SERVICES",
    "SIGV4",
    "Demand",
    "ModelledError",
    "Operation",
    "Protocol",
    "Service",
    "Spoken",
    "Unmet",
    "Voice",
    "forwarded",
    "older_form",
    "operation",
    "present_form",
    "service",
]
