"""Changes values of an INI file as the AWS CLI and SDKs read it, and leaves everything else as it is, comments too.

https://docs.aws.amazon.com/cli/latest/userguide/cli-configure-files.html
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from configparser import Error, RawConfigParser

_SECTION = re.compile(r"\[([^\]]+)\]")


def values_of(text: str, section: str) -> dict[str, str] | None:
    """The values of a section, by their names in lower case; None if there is none of that name.

    Raises ValueError for a text that is no such file.
    """
    parser = _parse(text)
    return dict(parser.items(section)) if parser.has_section(section) else None


def with_values(text: str, section: str, values: Mapping[str, str | None]) -> str:
    """The text of the file with these values in the section, which is added if there is none; None removes one.

    Raises ValueError for a text that is no such file.
    """
    _parse(text)
    lines = text.splitlines()
    start = _start_of(lines, section)
    if start is None:
        new = [f"[{section}]", *_lines_of(values)]
        return "\n".join([*lines, "", *new] if lines and lines[-1].strip() else [*lines, *new]) + "\n"
    end = next((n for n in range(start + 1, len(lines)) if _SECTION.match(lines[n])), len(lines))
    kept = _without_values(lines[start + 1 : end], values)
    blank = len(kept) - len(_strip_blank_end(kept))
    body = [*kept[: len(kept) - blank], *_lines_of(values), *kept[len(kept) - blank :]]
    changed = "\n".join([*lines[: start + 1], *body, *lines[end:]]) + "\n"
    _parse(changed)
    return changed


def _parse(text: str) -> RawConfigParser:
    parser = RawConfigParser(default_section="")
    try:
        parser.read_string(text)
    except Error as problem:
        raise ValueError(str(problem).replace("\n", " ")) from problem
    return parser


def _start_of(lines: list[str], section: str) -> int | None:
    return next((n for n, line in enumerate(lines) if (m := _SECTION.match(line)) and m[1].strip() == section), None)


def _without_values(lines: list[str], values: Mapping[str, str | None]) -> list[str]:
    """The lines of a section without those values, and without what is indented below them."""
    kept: list[str] = []
    dropping = False
    for line in lines:
        if not line[:1].isspace() or not line.strip():
            name = re.split(r"[=:]", line, maxsplit=1)[0].strip().lower()
            dropping = bool(line.strip()) and name in values
        if not dropping:
            kept.append(line)
    return kept


def _strip_blank_end(lines: list[str]) -> list[str]:
    """Without the blank lines at the end."""
    end = len(lines)
    while end and not lines[end - 1].strip():
        end -= 1
    return lines[:end]


def _lines_of(values: Mapping[str, str | None]) -> list[str]:
    return [f"{name} = {value}" for name, value in values.items() if value is not None]
