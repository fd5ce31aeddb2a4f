"""What an operator may write of upstreams."""

from __future__ import annotations

import pytest

from carnet.catalog.apis import apis
from carnet.gateway.upstreams.configured import UpstreamProblem, for_account, read_upstreams
from carnet.gateway.upstreams.profile import shipped_profiles, unknown_profile

MOTO = "moto=http://127.0.0.1:5000"
ID, SECRET = "CARNET_UPSTREAM_MOTO_ACCESS_KEY_ID", "CARNET_UPSTREAM_MOTO_SECRET_ACCESS_KEY"


def test_one_of_a_known_kind() -> None:
    (moto,) = read_upstreams(MOTO, {})
    assert (moto.name, moto.url) == ("moto", "http://127.0.0.1:5000")
    assert "kms" in moto.services
    assert read_upstreams("", {}) == ()
    assert read_upstreams("moto=https://moto.example.com/", {})[0].url == "https://moto.example.com"


def test_its_own_key_comes_from_the_environment() -> None:
    (moto,) = read_upstreams(MOTO, {ID: "AKIDMOTO", SECRET: "its secret"})
    assert moto.credentials.access_key_id == "AKIDMOTO"
    assert "its secret" not in repr(moto)
    for half in ({ID: "x"}, {SECRET: "x"}):
        with pytest.raises(UpstreamProblem, match="go together"):
            read_upstreams(MOTO, half)
    with pytest.raises(UpstreamProblem, match="no key of its own"):
        read_upstreams(
            "ministack=http://127.0.0.1:1", {name.replace("MOTO", "MINISTACK"): "x" for name in (ID, SECRET)}
        )


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("http://127.0.0.1:5000", "is not NAME=URL"),
        ("Moto=http://127.0.0.1:5000", "is not NAME=URL"),
        (
            "minio=http://127.0.0.1:5000",
            "no kind of upstream that is known: fauxqs, juicefs, localstack, ministack, moto",
        ),
        ("moto=", "no address"),
        ("moto=127.0.0.1:5000", "no address"),
        ("moto=ftp://127.0.0.1", "no address"),
        ("moto=http://127.0.0.1:5000/base", "no address"),
        ("moto=http://127.0.0.1:99999", "no address"),
        (f"{MOTO} seaweedfs=http://127.0.0.1:8333", "seaweedfs would have no service"),
        (f"{MOTO} {MOTO}", "two upstreams of the name moto"),
    ],
)
def test_what_cannot_be_used_is_told(text: str, problem: str) -> None:
    with pytest.raises(UpstreamProblem, match=problem):
        read_upstreams(text, {})


def test_no_secret_in_an_address_is_taken_or_repeated() -> None:
    for text in ("moto=http://key:hunter2@127.0.0.1:5000", "http://key:hunter2@127.0.0.1:5000"):
        with pytest.raises(UpstreamProblem) as caught:
            read_upstreams(text, {})
        assert "hunter2" not in str(caught.value)


def test_the_account_is_told() -> None:
    (moto,) = read_upstreams(MOTO, {})
    assert for_account(moto, "111122223333") == (moto.credentials, (("x-moto-account-id", "111122223333"),))
    (ministack,) = read_upstreams("ministack=http://127.0.0.1:1", {})
    found = for_account(ministack, "111122223333")
    assert found is not None
    assert (found[0].access_key_id, found[1]) == ("111122223333", ())
    for other in ("", "11112222333", "x" * 12):
        assert for_account(moto, other) is None


def test_a_service_is_of_the_first_that_has_it() -> None:
    seaweedfs, moto = read_upstreams(f"seaweedfs=http://127.0.0.1:8333 {MOTO}", {})
    assert seaweedfs.services == {"s3"}
    assert moto.services == moto.profile.services - {"s3"}
    assert seaweedfs.does("s3", "GetObject")
    assert not moto.does("s3", "GetObject")


def test_a_store_that_knows_no_accounts_holds_buckets_of_all() -> None:
    (seaweedfs,) = read_upstreams("seaweedfs=http://127.0.0.1:8333", {})
    for account in ("111122223333", "444455556666"):
        assert for_account(seaweedfs, account) == (seaweedfs.credentials, ())


def test_nothing_but_what_its_profile_lists_is_done() -> None:
    (moto,) = read_upstreams(MOTO, {})
    assert moto.does("kms", "Encrypt")
    assert not moto.does("kms", "ConnectCustomKeyStore")
    assert not moto.does("ses", "SendEmail")


def test_an_unknown_upstream_does_what_all_do() -> None:
    unknown = unknown_profile()
    for name, profile in shipped_profiles().items():
        for service in profile.services:
            assert unknown.operations[service] <= profile.operations[service], (name, service)
    assert unknown.accounts == ""


def test_shipped_profiles_list_operations_of_aws() -> None:
    for name, profile in shipped_profiles().items():
        for service, operations in profile.operations.items():
            assert operations <= set(apis().by_name[service].operations), (name, service)
