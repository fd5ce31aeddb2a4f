"""A long form with one name twice. A search for each of its names would take minutes."""

from __future__ import annotations

import pytest

from carnet.protocols.form import once_each
from carnet.protocols.unreadable import Unreadable

FIELDS = tuple((f"f{number:08d}", "1") for number in range(100_000))


def test_the_name_that_stands_twice_is_told() -> None:
    with pytest.raises(Unreadable, match="The parameter f00000007 is given more than once"):
        once_each((*FIELDS, FIELDS[7]))
