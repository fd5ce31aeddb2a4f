"""The page on single sign-on, from nothing: what is typed into a shell, then a browser and the AWS CLI side by side."""

from __future__ import annotations

import re
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.clients.reader import SHELLS, blocks_of, typed_at_a_server
from tests.clients.running import AWS_V2, RunningServer
from tests.clients.test_browser import browser, check_pages, toured

PAGE = [block for block in blocks_of(Path("docs/single-sign-on.md")) if block.language == "bash"]
PASSWORD = "Correct-horse-1"
World = tuple[subprocess.CompletedProcess[str], RunningServer, Path]


@pytest.fixture(scope="module", params=SHELLS)
def typed(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    """What a shell shows of all that the page has typed in, the server, and the reader's home."""
    if shutil.which(request.param) is None:
        pytest.skip(f"{request.param} is not installed")
    home = tmp_path_factory.mktemp(request.param)
    with typed_at_a_server(request.param, PAGE, home) as (done, server):
        yield done, server, home


def test_what_the_page_has_typed_in(typed: World) -> None:
    done, _, home = typed
    assert "An error occurred" not in done.stderr, done.stderr
    written = (home / ".aws" / "config").read_text()
    assert re.search(r"\[profile work\]\nsso_session = carnet\nsso_account_id = [0-9]{12}\n", written)
    assert "[services carnet]" in written


@pytest.mark.parametrize("typed", ["bash"], indirect=True)
def test_the_person_signs_in_with_a_code_and_with_a_passkey(typed: World) -> None:
    done, server, home = typed
    browser()
    if not AWS_V2.exists():
        pytest.skip(f"{AWS_V2} is not there: make clients unpacks it")
    link = re.search(r"^http://\S+/console/invited#carnet_pi_[0-9a-f]{64}$", done.stdout, re.MULTILINE)
    assert link is not None, done.stdout
    told = {
        "link": link[0],
        "user": "mary",
        "password": PASSWORD,
        "aws": str(AWS_V2),
        "profile": "work",
        "environment": {"HOME": str(home), "PATH": "/usr/bin:/bin", "AWS_EC2_METADATA_DISABLED": "true"},
    }
    seen = toured("people_tour", server, told)
    role = r"arn:aws:sts::[0-9]{12}:assumed-role/AWSReservedSSO_Reader_[0-9a-f]{16}/mary"
    assert len(seen["arns"]) == 3
    assert all(re.fullmatch(role, arn) for arn in seen["arns"])
    assert seen["signed_out"].endswith("/console/sign-in/person"), "where people come back"
    seen["elsewhere"] = [url for url in seen["elsewhere"] if "/oauth/callback?" not in url]
    begun = {"invited", "sign-in", "enrol", "enrol-app", "mfa", "security"}
    check_pages(seen, begun | {"consent", "portal", "credentials", "device-code", "device", "refused"})
