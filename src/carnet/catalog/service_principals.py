"""The names of AWS's services, as trust policies name them.

https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_principal.html#principal-services

AWS lists them nowhere, so this errs on the side of a service: a name is taken if it belongs to a service that is known,
also with a Region behind it (`logs.eu-west-1`) or one label for a part of the service before it (`tasks.apprunner`).
"""

from __future__ import annotations

import json
import re
from functools import cache

from carnet.catalog.archive import DataFile

DATA = DataFile("service_principals.zlib")
NAMES_MEMBER = "names"
"""A list of names without the domain: `lambda`, `vpc-flow-logs`, `delivery.logs`."""

_DOMAINS = (
    ".amazonaws.com",
    ".amazonaws.com.cn",
    ".amazonaws.eu",
    ".c2s.ic.gov",
    ".sc2s.sgov.gov",
    ".cloud.adc-e.uk",
    ".csp.hci.ic.gov",
)
"""Domains of the partitions. None is kept for its partition: most names in China end in `.amazonaws.com`, too."""
_OF_OTHER_DOMAINS = frozenset(("alexa-appkit.amazon.com", "alexa-connectedhome.amazon.com"))
_REGION = re.compile(r"[a-z]{2,4}(-[a-z]+){1,2}-[0-9]{1,2}", re.ASCII)


def is_service_principal(name: str) -> bool:
    """Whether a service of AWS has that name, in any partition or Region."""
    return name in _OF_OTHER_DOMAINS or any(
        name.endswith(domain) and _is_service(name.removesuffix(domain)) for domain in _DOMAINS
    )


def _is_service(name: str) -> bool:
    head, _, last = name.rpartition(".")
    if _REGION.fullmatch(last):
        name = head
    return name in _names() or name.partition(".")[2] in _names()


@cache
def _names() -> frozenset[str]:
    return frozenset(json.loads(DATA.archive.read(NAMES_MEMBER)))
