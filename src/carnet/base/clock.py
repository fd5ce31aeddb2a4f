"""The shape of a clock. The clock itself is chosen in `assembly`, so that tests can turn it."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

Clock = Callable[[], datetime]
"""Gives the present moment as an aware datetime in UTC."""
