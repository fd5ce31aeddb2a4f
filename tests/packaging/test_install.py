"""`tools/install.py` lets uv install as pip would, and pip if uv cannot."""

from __future__ import annotations

import shlex
import shutil
from pathlib import Path

import pytest

from tools import install

SETTINGS = """\
:env:.find-links='/wheels'
:env:.timeout='180'
global.cert='/ca.pem'
global.extra-index-url='https://one.example/simple https://other.example/simple'
global.find-links='/elsewhere'
install.index-url='https://index.example/simple'
"""


class Tools:
    """Programs that write down how they are called."""

    def __init__(self, place: Path) -> None:
        self.place = place
        self.environment = place / "environment"
        self._program(place / "python", f"cat <<'END'\n{SETTINGS}END\n")
        self._program(self.environment / "bin" / "python")

    def uv(self, code: int = 0) -> None:
        self._program(self.place / "uv", f"env > {self.place}/variables; exit {code}")

    def calls(self) -> list[list[str]]:
        told = (self.place / "calls").read_text()
        return [[Path(word).name, *words] for word, *words in map(shlex.split, told.splitlines())]

    def _program(self, path: Path, rest: str = "") -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(f'#!/bin/sh\n[ "$4" = list ] || echo "$0" "$@" >> {self.place}/calls\n{rest}')
        path.chmod(0o700)


@pytest.fixture
def tools(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Tools:
    monkeypatch.setattr(install, "_DEVELOPMENT", tmp_path)
    monkeypatch.setattr(shutil, "which", lambda name: None)
    return Tools(tmp_path)


def test_uv_asks_whom_pip_asks(tools: Tools) -> None:
    tools.uv()
    assert install.main([str(tools.environment), "--requirement", "a.txt", "--requirement", "b.txt"]) == 0
    (uv,) = tools.calls()
    assert uv[:6] == ["uv", "pip", "install", "--quiet", "--python", str(tools.environment / "bin/python")]
    assert uv[6:11] == ["--requirement", "a.txt", "--requirement", "b.txt", "--require-hashes"]
    pairs = set(zip(uv[11::2], uv[12::2], strict=True))
    assert pairs == {
        ("--index-strategy", "unsafe-best-match"),
        ("--default-index", "https://index.example/simple"),
        ("--index", "https://one.example/simple"),
        ("--index", "https://other.example/simple"),
        ("--find-links", "/wheels"),
    }
    variables = (tools.place / "variables").read_text().splitlines()
    assert {"SSL_CERT_FILE=/ca.pem", "UV_HTTP_TIMEOUT=180"} <= set(variables)


@pytest.mark.parametrize("uv", ["fails", "is not there"])
def test_pip_installs_what_uv_cannot(tools: Tools, uv: str, capfd: pytest.CaptureFixture[str]) -> None:
    if uv == "fails":
        tools.uv(code=1)
    assert install.main([str(tools.environment), "--editable", "."]) == 0
    pip = ["python", "-m", "pip", "--disable-pip-version-check", "--quiet", "install"]
    assert tools.calls()[-1] == [*pip, "--no-deps", "--no-build-isolation", "--editable", "."]
    assert ("pip installs into" in capfd.readouterr().err) == (uv == "fails")


def test_what_neither_can_fails(tools: Tools) -> None:
    tools.uv(code=1)
    (tools.environment / "bin/python").write_text("#!/bin/sh\nexit 3")
    assert install.main([str(tools.environment), "--requirement", "a.txt"]) == 3
