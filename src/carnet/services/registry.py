"""Every service that this server offers, with all of its operations registered."""

from __future__ import annotations

from collections.abc import Mapping
from importlib import import_module
from pkgutil import iter_modules
from types import ModuleType

from carnet.services import iam as iam_package
from carnet.services import sts as sts_package
from carnet.services.iam.service import iam
from carnet.services.operation import Service
from carnet.services.sts.service import sts


def _register(package: ModuleType) -> None:
    """Import every module of a service: the decorators of its operations register them."""
    for module in iter_modules(package.__path__, f"{package.__name__}."):
        import_module(module.name)


_register(iam_package)
_register(sts_package)

SERVICES: Mapping[str, Service] = {service.name: service for service in (iam, sts)}
