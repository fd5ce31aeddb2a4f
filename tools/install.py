"""Installs into an environment of Python what requirements pin: with uv, which takes a second, or else with pip.

    python tools/install.py ENVIRONMENT [--requirement FILE ...] [--editable DIRECTORY]

An environment that is not there is made, by the Python that runs this. uv is the one in .venv/, or else one on the
path. It asks whom pip asks, as the settings of pip are passed on. What uv cannot install here, pip does.
"""

from __future__ import annotations

import argparse
import ast
import os
import shutil
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

_DEVELOPMENT = Path(".venv/bin").resolve()
_FLAGS = {
    "index-url": "--default-index",
    "extra-index-url": "--index",
    "find-links": "--find-links",
    "trusted-host": "--allow-insecure-host",
}
"""What uv calls a setting of pip. Each may hold several values."""
_VARIABLES = {"cert": "SSL_CERT_FILE", "proxy": "ALL_PROXY", "timeout": "UV_HTTP_TIMEOUT"}
_HASHED = ("--require-hashes",)
_ITSELF = ("--no-deps", "--no-build-isolation", "--editable")


def main(words: Sequence[str]) -> int:
    """Install; the exit code of what installed."""
    parser = argparse.ArgumentParser()
    parser.add_argument("environment", type=Path)
    parser.add_argument("--requirement", action="append", default=[])
    parser.add_argument("--editable")
    given = parser.parse_args(words)
    wanted = [word for file in given.requirement for word in ("--requirement", file)]
    wanted += [*_ITSELF, given.editable] if given.editable else _HASHED
    python = given.environment / "bin" / "python"
    uv = _uv()
    if not python.exists():
        _run(sys.executable, "-m", "venv", *(["--without-pip"] if uv else []), str(given.environment))
    if uv and _run(uv, "pip", "install", "--quiet", "--python", str(python), *wanted, like_pip=True) == 0:
        return 0
    if uv:
        sys.stderr.write(f"{uv} cannot: pip installs into {given.environment}\n")
        _run(str(python), "-m", "ensurepip")  # which does nothing if there is a pip
    return _run(str(python), "-m", "pip", "--disable-pip-version-check", "--quiet", "install", *wanted)


def _uv() -> str | None:
    own = _DEVELOPMENT / "uv"
    return str(own) if own.exists() else shutil.which("uv")


def _run(*command: str, like_pip: bool = False) -> int:
    flags, variables = _settings_of_pip() if like_pip else ([], {})
    return subprocess.run([*command, *flags], env=os.environ | variables, check=False).returncode  # noqa: S603


def _settings_of_pip() -> tuple[list[str], dict[str, str]]:
    """Flags and variables for uv. Where a package is does not matter: its hash says which one it is."""
    asked = [str(_DEVELOPMENT / "python"), "-m", "pip", "config", "list"]
    told = subprocess.run(asked, capture_output=True, text=True, check=False).stdout  # noqa: S603
    # `global.index-url='...'`, `install.timeout='60'`; what a variable says comes before what a file says.
    lines = sorted(told.splitlines(), key=lambda line: line.startswith(":env:"))
    said = (line.partition("=") for line in lines)
    settings = {name.rpartition(".")[2]: str(ast.literal_eval(value)) for name, _, value in said}
    flags = [
        word for name, flag in _FLAGS.items() for value in settings.get(name, "").split() for word in (flag, value)
    ]
    return (
        ["--index-strategy", "unsafe-best-match", *flags],
        {variable: settings[name] for name, variable in _VARIABLES.items() if name in settings},
    )


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
