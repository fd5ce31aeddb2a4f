"""Policy documents that a file of cases names by their files: `{file: policies/reader.json}` in place of a document.

A name is relative to the directory of the file of cases. What is wrong in such a document is told with its own file,
line and column.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from carnet.cli.linted_file import BadInput, LintedFile

_FILE = "file"
_TEXTS = ("layer", "account", _FILE)
"""Members of an object that are no documents."""


def with_named_policies(file: LintedFile, name: str) -> LintedFile:
    """The file of cases called `name`, with the documents in the place of their names; raises BadInput."""
    return _Reading(file, Path(name).parent).whole()


class _Reading:
    def __init__(self, file: LintedFile, directory: Path) -> None:
        self._file = file
        self._directory = directory
        self._read: dict[str, LintedFile] = {}
        self._within: dict[str, LintedFile] = {}
        """Path of a document among the cases to the file that it was read from."""

    def whole(self) -> LintedFile:
        cases = self._file.data
        if isinstance(cases, list):
            data: object = [self._case(case, f"case[{number}]") for number, case in enumerate(cases)]
        else:
            data = self._case(cases, "case")
        return replace(self._file, data=data, within=self._within) if self._within else self._file

    def _case(self, case: object, path: str) -> object:
        if not isinstance(case, Mapping) or "policies" not in case:
            return case
        return {**case, "policies": self._documents(case["policies"], f"{path}.policies")}

    def _documents(self, given: object, path: str) -> object:
        """The same with documents in place of names, in lists, levels and objects that hold a policy."""
        if isinstance(given, list):
            return [self._documents(each, f"{path}[{at}]") for at, each in enumerate(given)]
        if isinstance(given, str) and "{" not in given:
            told = f"{path} is no policy document; the file of that name is {{file: {given}}}"
            raise BadInput(self._file.told(path, told, at_name=False))
        if not isinstance(given, Mapping) or "Statement" in given:
            return given
        if set(given) == {_FILE}:
            return self._document(given[_FILE], path)
        return {
            name: below if name in _TEXTS else self._documents(below, f"{path}.{name}") for name, below in given.items()
        }

    def _document(self, name: object, path: str) -> Any:
        at = f"{path}.{_FILE}"
        if not isinstance(name, str) or not name:
            raise BadInput(self._file.told(at, f"{at} must be the name of a file", at_name=False))
        if name not in self._read:
            try:
                self._read[name] = LintedFile.read(str(self._directory / name))
            except BadInput as problem:
                raise BadInput(self._file.told(at, problem.message, at_name=False)) from problem
        self._within[path] = self._read[name]
        return self._read[name].document
