"""Text of callers as a terminal may show it."""

from __future__ import annotations

import pytest

from carnet.base.printable import printable, printable_lines


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("ü é 名", "ü é 名"),
        ("\x1b[31mred\x07", r"\x1b[31mred\x07"),
        ("a\nb\r\t\u2028", r"a\nb\r\t\u2028"),
        ("\u202egnp.exe\u00a0", r"\u202egnp.exe\xa0"),
        ("\ud800", r"\ud800"),
    ],
)
def test_what_a_terminal_would_obey_is_shown(text: str, shown: str) -> None:
    assert printable(text) == shown


def test_lines_stay_lines() -> None:
    assert printable_lines("a\n\x1bb\n") == "a\n\\x1bb\n"
    assert printable_lines("plain") == "plain"
