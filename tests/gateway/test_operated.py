"""What an operator asks of the gateway: how its upstreams are, and to take over the buckets of one."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest
from click.testing import CliRunner, Result

from carnet.cli.gateway import gateway
from carnet.entities.operator_token import OperatorScope
from carnet.gateway.operated import DEFAULT_KEY
from tests.gateway.control import control
from tests.gateway.fake_s3 import Told
from tests.gateway.store import Store, a_store, refusal
from tests.server.own_api.calling import operator_token

LISTED = "<ListAllMyBucketsResult><Buckets>{}</Buckets></ListAllMyBucketsResult>"
ENCRYPTED = (
    "<ServerSideEncryptionConfiguration><Rule><ApplyServerSideEncryptionByDefault><SSEAlgorithm>{}</SSEAlgorithm>"
    "<KMSMasterKeyID>1234abcd-12ab-34cd-56ef-1234567890ab</KMSMasterKeyID>"
    "</ApplyServerSideEncryptionByDefault></Rule></ServerSideEncryptionConfiguration>"
)
HERE = Told(body=b"<LocationConstraint/>")
OLDER_NAME = Told(body=b'<LocationConstraint xmlns="http://s3.amazonaws.com/doc/2006-03-01/">EU</LocationConstraint>')
THERE = Told(body=b"<LocationConstraint>eu-west-1</LocationConstraint>")


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Store]:
    with a_store(tmp_path_factory.mktemp("operated")) as made:
        names = ("old", "older", "_carnet", "photos")
        listed = LISTED.format("".join(f"<Bucket><Name>{name}</Name></Bucket>" for name in names))
        made.s3.answers["GET /"] = Told(body=listed.encode())
        made.s3.answers["GET /?x-id=ListBuckets"] = made.s3.answers["GET /"]
        for name, told in {"old": THERE, "older": OLDER_NAME, "photos": HERE}.items():
            made.s3.answers[f"GET /{name}?location"] = told
        yield made


@pytest.fixture
def token(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CARNET_OPERATOR_TOKEN", operator_token(store.server, *OperatorScope).text)


def run(store: Store, *arguments: str) -> Result:
    return CliRunner().invoke(gateway, [*arguments, "--endpoint-url", store.server.endpoint])


@pytest.mark.usefixtures("token")
def test_buckets_of_a_store_become_an_accounts(store: Store) -> None:
    assert refusal(store.client().list_objects_v2, Bucket="old")["Code"] in ("NoSuchBucket", "AccessDenied")
    adopt = ("adopt", "--upstream", "seaweedfs", "--account", store.account)
    assert run(store, *adopt, "old").output == "old  adopted\n"
    store.allow({"Effect": "Allow", "Action": "s3:*", "Resource": "*"})
    store.s3.objects["/old/k"] = b"what was there"
    assert store.client().get_object(Bucket="old", Key="k")["Body"].read() == b"what was there"
    assert store.client().get_bucket_location(Bucket="old")["LocationConstraint"] == "eu-west-1"
    lines = store.server.installation.settings.audit_file.read_text("utf-8").splitlines()
    event = next(one for one in map(json.loads, reversed(lines)) if one.get("eventName") == "AdoptBuckets")
    assert event["requestParameters"]["upstream"] == "seaweedfs"
    assert event["responseElements"] == {"adopted": ["old"], "already": [], "refused": {}}
    again = run(store, *adopt)
    assert again.output.splitlines() == [
        "older  adopted",
        "old  is the account's already",
        "photos  is the account's already",
        "_carnet  refused: AWS takes it for no bucket's name, or it is the beginning of paths of Carnet's own",
    ]
    assert again.exit_code == 1
    assert "GET /_carnet?location" not in store.s3.asked
    regions = {one["Name"]: one["BucketRegion"] for one in store.client().list_buckets(MaxBuckets=10)["Buckets"]}
    assert regions == {"old": "eu-west-1", "older": "eu-west-1", "photos": "us-east-1"}


@pytest.mark.usefixtures("token")
@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("--upstream", "moto", "--account", "{}"), "There is no upstream moto with buckets: seaweedfs."),
        (("--upstream", "seaweedfs", "--account", "999999999999"), "There is no account 999999999999."),
        (("--upstream", "seaweedfs", "--account", "{}", "none"), "seaweedfs has no bucket none."),
    ],
)
def test_what_cannot_be_adopted(store: Store, arguments: tuple[str, ...], said: str) -> None:
    result = run(store, "adopt", *(one.format(store.account) for one in arguments))
    assert result.exit_code == 1
    assert said in result.output


@pytest.mark.usefixtures("token")
def test_a_bucket_that_hosts_would_take_for_an_access_point_stays_out(store: Store) -> None:
    of = {"AccountId": store.account, "Name": "hosted"}
    control(store).create_access_point(**of, Bucket="photos")
    name = f"hosted-{store.account}"
    store.s3.objects[f"/{name}"] = b""
    result = run(store, "adopt", "--upstream", "seaweedfs", "--account", store.account, name)
    assert f"{name}  refused: a host with that name is of the access point " in result.output
    control(store).delete_access_point(**of)


@pytest.mark.usefixtures("token")
def test_a_bucket_of_another_account_stays_its_own(store: Store) -> None:
    other = store.server.installation.ids.account()
    make_account(store, other)
    result = run(store, "adopt", "--upstream", "seaweedfs", "--account", other, "photos")
    assert "photos  refused: another account or upstream has a bucket of that name" in result.output


@pytest.mark.usefixtures("token")
@pytest.mark.parametrize(
    ("told", "said"),
    [
        (Told(body=ENCRYPTED.format("aws:kms").encode()), f"refused: {DEFAULT_KEY}"),
        (Told(body=ENCRYPTED.format("aws:kms:dsse").encode()), f"refused: {DEFAULT_KEY}"),
        (Told(status=500), "refused: what encrypts its objects by default is not known: "),
        (Told(status=200), "refused: what encrypts its objects by default is not known: "),
        (Told(body=ENCRYPTED.format("AES256").encode()), "adopted"),
    ],
)
def test_a_bucket_whose_objects_a_key_encrypts_that_nobody_decides_on(store: Store, told: Told, said: str) -> None:
    name = store.server.installation.ids.uuid()
    store.s3.answers[f"GET /{name}?location"] = HERE
    store.s3.answers[f"GET /{name}?encryption"] = told
    result = run(store, "adopt", "--upstream", "seaweedfs", "--account", store.account, name)
    assert result.output.startswith(f"{name}  {said}")


def make_account(store: Store, account: str) -> None:
    from tests.server.own_api.calling import ACCOUNTS, call

    token = operator_token(store.server, *OperatorScope).text
    given: Any = {"name": "other", "email": f"{account}@example.com", "id": account}
    assert call(store.server, ACCOUNTS, method="POST", token=token, given=given).status == 201


@pytest.mark.usefixtures("token")
def test_status(store: Store) -> None:
    result = run(store, "status")
    assert result.exit_code == 0, result.output
    first, services = result.output.splitlines()
    assert first.startswith(f"seaweedfs  {store.s3.url}  answers, mode enforce, ")
    assert services == "  s3"


def test_who_may_not(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    others = set(OperatorScope) - {OperatorScope.GATEWAY_WRITE, OperatorScope.STATUS_READ}
    monkeypatch.setenv("CARNET_OPERATOR_TOKEN", operator_token(store.server, *others).text)
    for arguments in (("status",), ("adopt", "--upstream", "seaweedfs", "--account", store.account, "old")):
        result = run(store, *arguments)
        assert result.exit_code == 1
        assert "AccessDenied" in result.output
