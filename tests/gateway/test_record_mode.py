"""An upstream in mode record: what policies deny is written down, and sent on."""

from __future__ import annotations

import json
import urllib.request
from collections.abc import Iterator

import pytest

from tests.gateway.behind import KEY_ID, SECRET_DATA, Behind, refusal
from tests.gateway.fake_aws import Told, fake_aws
from tests.server.in_process import in_process_server


@pytest.fixture(scope="module")
def recording(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Behind]:
    directory = tmp_path_factory.mktemp("record")
    with fake_aws() as aws:
        file = directory / "upstreams.json"
        file.write_text(json.dumps({"upstreams": {"moto": {"url": aws.url, "mode": "record"}}}))
        with in_process_server(directory, upstreams=file) as server:
            iam = server.client("iam")
            iam.create_user(UserName="alice")
            key = iam.create_access_key(UserName="alice")["AccessKey"]
            yield Behind(server, aws, (key["AccessKeyId"], key["SecretAccessKey"]))


def test_what_would_be_denied_is_sent_and_written_down(recording: Behind) -> None:
    recording.aws.requests.clear()
    recording.aws.answers["Encrypt"] = Told(body={"KeyId": recording.key_arn()})
    answer = recording.client("kms").encrypt(KeyId=KEY_ID, Plaintext=SECRET_DATA.encode())
    assert recording.aws.operations == ["Encrypt"]
    assert answer["ResponseMetadata"]["HTTPHeaders"]["x-carnet-mode"] == "record"
    more = recording.last_event()["additionalEventData"]
    assert more["gatewayMode"] == "record"
    assert "allow" not in more["decisions"][-1]["verdict"].lower()


def test_unknown_callers_are_refused(recording: Behind) -> None:
    recording.aws.requests.clear()
    told = refusal(recording.server.client("kms", "AKIAIOSFODNN7EXAMPLE", "x").list_keys)
    assert told["Code"] == "UnrecognizedClientException"
    assert recording.aws.requests == []


def test_policies_are_changed_by_nobody_who_may_not(recording: Behind) -> None:
    told = refusal(recording.client("kms").put_key_policy, KeyId=KEY_ID, PolicyName="default", Policy="{}")
    assert told["Code"] == "AccessDeniedException"
    recording.aws.requests.clear()
    assert refusal(recording.client("kms").create_key, Policy="{}")["Code"] == "AccessDeniedException"
    assert recording.aws.requests == []


def test_health_names_the_mode(recording: Behind) -> None:
    with urllib.request.urlopen(f"{recording.server.endpoint}/_carnet/health") as answer:
        assert json.load(answer)["gateway"] == {"moto": "record"}
