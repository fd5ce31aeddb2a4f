"""Answers as the wire carries them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from carnet import models
from carnet.protocols.write import write


def fits_the_model(operation: str, answer: Mapping[str, Any], *, service: str = "iam") -> bool:
    """Whether an answer can be written; LookupError or TypeError where it is not of the operation's shape."""
    return write(models.operation(service, operation), answer, "request-id").status == 200
