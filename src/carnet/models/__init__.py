"""AWS's service models: which operations there are, what they take and answer, and how they fail."""

from carnet.models.load import SERVICES, operation, service
from carnet.models.regions import GLOBAL_REGIONS
from carnet.models.service import ModelledError, Operation, Protocol, Service
from carnet.models.voice import COMMON_VOICE, Voice

__all__ = [
    "COMMON_VOICE",
    "GLOBAL_REGIONS",
    "SERVICES",
    "ModelledError",
    "Operation",
    "Protocol",
    "Service",
    "Voice",
    "operation",
    "service",
]
