"""What an operator may write of upstreams."""

from __future__ import annotations

import pytest

from carnet.gateway.upstreams import UpstreamProblem, for_account, read_upstreams

MOTO = "moto=http://127.0.0.1:5000"
ID, SECRET = "CARNET_UPSTREAM_MOTO_ACCESS_KEY_ID", "CARNET_UPSTREAM_MOTO_SECRET_ACCESS_KEY"


def test_one_of_a_known_kind() -> None:
    (moto,) = read_upstreams(MOTO, {})
    assert (moto.name, moto.url) == ("moto", "http://127.0.0.1:5000")
    assert "kms" in moto.profile.services
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
        ("minio=http://127.0.0.1:5000", "no kind of upstream that is known: localstack, ministack, moto"),
        ("moto=", "no address"),
        ("moto=127.0.0.1:5000", "no address"),
        ("moto=ftp://127.0.0.1", "no address"),
        ("moto=http://127.0.0.1:5000/base", "no address"),
        ("moto=http://127.0.0.1:99999", "no address"),
        (f"{MOTO} ministack=http://127.0.0.1:5001", "is of two upstreams, moto and ministack"),
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
