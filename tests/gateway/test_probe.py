"""The probe lists what a store was seen to do, and nothing that it does instead."""

from __future__ import annotations

import json
from collections.abc import Iterator
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError
from click.testing import CliRunner

from carnet.cli.gateway import gateway
from carnet.gateway.upstreams.configured import read_upstreams
from carnet.gateway.upstreams.probe import s3_probe
from carnet.gateway.upstreams.probe.s3_exercises import objects, setting
from carnet.gateway.upstreams.probe.s3_settings import SETTINGS
from carnet.gateway.upstreams.profile import read_profile, shipped_profiles, written
from tests.gateway.path_store import path_store

SUB_RESOURCES = ("Tagging", "Cors", "Lifecycle", "Website", "Encryption", "Analytics", "Metrics", "Inventory", "Legal")


def probe(*arguments: str) -> Any:
    return CliRunner().invoke(gateway, ["probe", *arguments])


def test_a_store_that_knows_paths_alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(s3_probe, "_SETTLES", 0.05)
    with path_store() as store:
        store.buckets["mine"] = {"kept": b"what was there"}
        result = probe(store.url, "--output", str(tmp_path / "store.json"))
        assert result.exit_code == 0, result.output
        assert store.buckets == {"mine": {"kept": b"what was there"}}
    assert any("analytics" in asked for asked in store.asked)
    profile = read_profile(tmp_path / "store.json")
    listed = profile.operations["s3"]
    assert {"PutObject", "GetObject", "CreateBucket", "DeleteBucket", "DeleteObject"} & listed
    assert not [name for name in listed if any(word in name for word in SUB_RESOURCES)]
    assert not {"CopyObject", "DeleteObjects", "CompleteMultipartUpload", "ListObjectVersions"} & listed
    assert (profile.literal_keys, profile.drops_cut_bodies, profile.versions) == (True, True, False)
    assert profile.accounts == "shared"


def test_what_does_not_answer_is_told_in_a_line() -> None:
    result = probe("http://127.0.0.1:9")
    assert result.exit_code == 1
    assert result.output.startswith("Error: http://127.0.0.1:9 cannot be measured")
    assert "Traceback" not in result.output
    assert probe("http://127.0.0.1:9", "--service", "ses").exit_code == 2
    assert "holds a secret" in probe("http://a:b@127.0.0.1:9").output


@pytest.mark.parametrize("name", sorted(shipped_profiles()))
def test_a_profile_is_written_as_it_is_read(name: str, tmp_path: Path) -> None:
    profile = shipped_profiles()[name]
    assert profile.measured
    file = tmp_path / "p.json"
    file.write_text(written(profile))
    assert read_profile(file) == profile
    assert json.loads(written(profile))["measured"] == profile.measured


@pytest.mark.parametrize(
    "given",
    [{"VersionId": "v"}, {"CopySource": "b/k?versionId=v"}, {"Delete": {"Objects": [{"Key": "k", "VersionId": "v"}]}}],
)
def test_versions_are_asked_for_only_where_they_are_understood(given: dict[str, Any]) -> None:
    (rclone,) = read_upstreams("rclone=http://127.0.0.1:1", {})
    (seaweedfs,) = read_upstreams("seaweedfs=http://127.0.0.1:1", {})
    assert rclone.does("s3", "DeleteObject", {"Key": "k", "CopySource": "b/k", "Delete": {"Objects": [{"Key": "k"}]}})
    assert not rclone.does("s3", "DeleteObject", given)
    assert seaweedfs.does("s3", "DeleteObject", given)


@pytest.mark.parametrize(("metadata", "proven"), [({"Probe": "1"}, True), ({"Probe": "2"}, False), ({}, False)])
def test_the_names_of_metadata_know_no_case(metadata: dict[str, str], proven: bool) -> None:
    """Stores in Go write `X-Amz-Meta-Probe`."""

    def ask(operation: str, **given: Any) -> Any:
        return {"ContentLength": 5, "Metadata": metadata, "Body": BytesIO(b"first"), "Contents": []}

    assert ("HeadObject" in tuple(objects(ask, "b"))) is proven


@pytest.mark.parametrize("deletes", ["does", "ignores", "refuses"])
def test_what_cannot_be_taken_away_is_not_put(deletes: str) -> None:
    (one,) = [one for one in SETTINGS if one.put == "PutBucketInventoryConfiguration"]
    kept: list[Any] = []

    def ask(operation: str, **given: Any) -> Any:
        if operation == one.put:
            kept.append(given)
        if operation == one.delete and deletes == "refuses":
            raise ClientError({"Error": {"Code": "NotImplemented"}}, operation)
        if operation == one.delete and deletes == "does":
            kept.clear()
        return one.shows if kept else {}

    def done() -> Iterator[str]:
        try:
            yield from setting(one)(ask, "b")
        except ClientError:
            assert deletes == "refuses"

    assert set(done()) & {one.put, one.delete} == ({one.put, one.delete} if deletes == "does" else set())
