"""AWS's service models: which operations there are, what they take and answer, and how they fail."""

from carnet.models.load import SERVICES, operation, service
from carnet.models.regions import global_region
from carnet.models.service import ModelledError, Operation, Protocol, Service

__all__ = ["SERVICES", "ModelledError", "Operation", "Protocol", "Service", "global_region", "operation", "service"]
