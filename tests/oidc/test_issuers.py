"""Keys of issuers: from a real HTTPS server, within strict limits, and from a file."""

from __future__ import annotations

import asyncio
import json
import os
import ssl
from collections.abc import Callable, Iterator
from ipaddress import ip_network
from pathlib import Path
from threading import Thread, current_thread
from typing import Any

import pytest

from carnet.base.faults import Refused
from carnet.oidc import https, issuers, refusals
from carnet.oidc.addresses import may_be_reached, read_networks
from carnet.oidc.https import Fetcher, Unreachable
from carnet.oidc.issuers import AGAIN_SECONDS, FRESH_SECONDS, USABLE_SECONDS, GivenKeys, Issuer, IssuerKeys
from carnet.oidc.keys import KeySet, read_key_set
from tests.oidc import issuer
from tests.oidc.issuer import URL, Answered, IssuerServer, issuer_server

LOOPBACK = (ip_network("127.0.0.0/8"),)
DISCOVERY = "/.well-known/openid-configuration"


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[IssuerServer]:
    with issuer_server(tmp_path_factory.mktemp("issuer")) as made:
        yield made


@pytest.fixture
def server(running: IssuerServer) -> IssuerServer:
    running.answers.clear()
    running.asked.clear()
    running.offer(issuer.key_set())
    return running


def fetcher(server: IssuerServer, **changed: Any) -> Fetcher:
    given: dict[str, Any] = {"networks": LOOPBACK, "ca_file": server.ca_file, "resolve": server.resolve, "seconds": 5.0}
    return Fetcher(**given | changed)


class Clock:
    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


def wanted(url: str = URL, account: str = "111122223333", thumbprints: tuple[str, ...] = ()) -> Issuer:
    return Issuer(url=url, thumbprints=thumbprints, account=account)


def find(keys: IssuerKeys, kid: str | None = "first", **which: Any) -> KeySet:
    return asyncio.run(keys.of(wanted(**which), kid))


def refused(keys: IssuerKeys, kid: str | None = "first", **which: Any) -> tuple[str, str]:
    with pytest.raises(Refused) as caught:
        find(keys, kid, **which)
    return caught.value.code, caught.value.message


class TestFetching:
    def test_keys_are_those_that_the_issuer_publishes(self, server: IssuerServer) -> None:
        found = find(IssuerKeys(fetcher(server)))
        assert [key.kid for key in found.keys] == ["first"]
        assert server.asked == [DISCOVERY, "/keys"]

    @pytest.mark.parametrize("url", [f"{URL}/", f"{URL}/realms/one"])
    def test_of_an_issuer_with_a_path(self, server: IssuerServer, url: str) -> None:
        server.offer(issuer.key_set(), url=url)
        assert find(IssuerKeys(fetcher(server)), url=url).keys

    @pytest.mark.parametrize("pinned", ["server", "authority"])
    def test_a_thumbprint_lets_in_a_certificate_of_no_authority(self, server: IssuerServer, pinned: str) -> None:
        keys = IssuerKeys(fetcher(server, ca_file=None))
        assert find(keys, thumbprints=("0" * 40, server.thumbprints[pinned])).keys
        expected = ("InvalidIdentityToken", refusals.WRONG_CERTIFICATE)
        assert refused(keys, thumbprints=("0" * 40,)) == expected
        assert refused(keys) == expected

    def test_without_a_thumbprint_no_unverified_connection_is_made(
        self, server: IssuerServer, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        made = []
        connect = https._tls

        async def counted(address: str, port: int, host: str, context: ssl.SSLContext) -> Any:
            made.append(context.verify_mode)
            return await connect(address, port, host, context)

        monkeypatch.setattr(https, "_tls", counted)
        refused(IssuerKeys(fetcher(server, ca_file=None)))
        assert made == [ssl.CERT_REQUIRED]

    def test_a_thumbprint_lets_in_no_other_name(self, server: IssuerServer) -> None:
        keys = IssuerKeys(fetcher(server, ca_file=None))
        told = refused(keys, url="https://other.example.com", thumbprints=tuple(server.thumbprints.values()))
        assert told == ("InvalidIdentityToken", refusals.WRONG_CERTIFICATE)

    def test_what_one_accounts_thumbprints_let_in_is_no_others(self, server: IssuerServer) -> None:
        keys = IssuerKeys(fetcher(server, ca_file=None))
        find(keys, thumbprints=(server.thumbprints["server"],))
        assert refused(keys)[1] == refusals.WRONG_CERTIFICATE

    def test_an_answer_in_chunks(self, server: IssuerServer) -> None:
        body = server.answers["/keys"].body
        chunked = b"%x\r\n%s\r\n0\r\n\r\n" % (len(body), body)
        server.answers["/keys"] = Answered(chunked, headers={"content-length": "", "transfer-encoding": "chunked"})
        assert find(IssuerKeys(fetcher(server))).keys

    def test_a_redirect_within_the_host_is_followed(self, server: IssuerServer) -> None:
        server.answers["/moved"] = server.answers["/keys"]
        server.answers["/keys"] = Answered(b"", status=307, headers={"location": "/moved"})
        assert find(IssuerKeys(fetcher(server))).keys
        assert server.asked[-1] == "/moved"


class TestOthersMeanwhile:
    """INVARIANT: what an issuer answers keeps nobody else waiting, however long it takes to read."""

    def test_answers_are_read_aside(self, server: IssuerServer, monkeypatch: pytest.MonkeyPatch) -> None:
        read_in: list[Thread] = []

        def aside(read: Callable[[bytes], Any]) -> Callable[[bytes], Any]:
            def noted(raw: bytes) -> Any:
                read_in.append(current_thread())
                return read(raw)

            return noted

        monkeypatch.setattr("carnet.oidc.issuers.read_key_set", aside(read_key_set))
        monkeypatch.setattr(https, "_parse_response", aside(https._parse_response))
        assert find(IssuerKeys(fetcher(server))).keys
        assert len(read_in) == 3
        assert current_thread() not in read_in

    @pytest.mark.parametrize(
        ("head", "body"),
        [
            (b"content-length: 5", b"hello"),
            (b"transfer-encoding: chunked", b"5\r\nhello\r\n0\r\n\r\n"),
            (b"transfer-encoding: chunked", b"0\r\n\r\n"),
            (b"a: b", b"hello"),
        ],
    )
    def test_what_comes_byte_by_byte_is_looked_through_once(
        self, monkeypatch: pytest.MonkeyPatch, head: bytes, body: bytes
    ) -> None:
        looked_through = []
        told_by = https._Received._told_by

        def counted(received: https._Received, head: bytes, begin: int) -> Callable[[], bool]:
            looked_through.append(head)
            return told_by(received, head, begin)

        monkeypatch.setattr(https._Received, "_told_by", counted)
        received, answer = https._Received(), b"HTTP/1.1 200 OK\r\n%s\r\n\r\n%s" % (head, body)
        whole = []
        for at in range(len(answer)):
            received.take(answer[at : at + 1])
            whole.append(received.is_whole())
        assert whole == [False] * (len(answer) - 1) + [head != b"a: b"]
        assert len(looked_through) == 1


class TestRefused:
    @pytest.mark.parametrize(
        "location",
        [
            "https://evil.example.org/keys",
            "http://idp.example.com/keys",
            "https://169.254.169.254/latest/meta-data",
            "//evil.example.org/keys",
            "file:///etc/passwd",
            "https://idp.example.com@evil.example.org/",
            "/keys",
        ],
    )
    def test_a_redirect_elsewhere(self, server: IssuerServer, location: str) -> None:
        server.answers["/keys"] = Answered(b"", status=302, headers={"location": location})
        assert refused(IssuerKeys(fetcher(server)))[0] == "IDPCommunicationError"
        assert len(server.asked) <= 1 + 1 + https.MOST_REDIRECTS

    @pytest.mark.parametrize(
        "url", ["http://idp.example.com/keys", "https://u:p@idp.example.com/", "ftp://a.b/", "", "https://a\r\nb.c/"]
    )
    def test_keys_at_what_is_no_https_url(self, server: IssuerServer, url: str) -> None:
        server.answers[DISCOVERY] = Answered(json.dumps({"issuer": URL, "jwks_uri": url}).encode())
        assert refused(IssuerKeys(fetcher(server)))[0] == "IDPCommunicationError"
        assert server.asked == [DISCOVERY]

    @pytest.mark.parametrize(
        "document",
        [
            {"issuer": f"{URL}/", "jwks_uri": f"{URL}/keys"},
            {"issuer": "https://evil.example.org", "jwks_uri": f"{URL}/keys"},
            {"issuer": URL},
            {"issuer": URL, "jwks_uri": 1},
            [],
        ],
    )
    def test_the_document_of_another_issuer(self, server: IssuerServer, document: object) -> None:
        server.answers[DISCOVERY] = Answered(json.dumps(document).encode())
        assert refused(IssuerKeys(fetcher(server))) == ("InvalidIdentityToken", refusals.NO_KEY)

    def test_too_much(self, server: IssuerServer) -> None:
        server.answers["/keys"] = Answered(b" " * https.MOST_BYTES)
        assert "too much" in refused(IssuerKeys(fetcher(server)))[1]

    def test_too_many_pieces(self, server: IssuerServer) -> None:
        """Each takes time to read, however short it is."""
        server.answers["/keys"] = Answered(
            b"1\r\n \r\n" * 20_000 + b"2\r\n{}\r\n0\r\n\r\n",
            headers={"content-length": "", "transfer-encoding": "chunked"},
        )
        assert "too much" in refused(IssuerKeys(fetcher(server)))[1]

    def test_too_many_objects(self, server: IssuerServer) -> None:
        server.answers["/keys"] = Answered(b'{"keys":[%s]}' % b",".join([b'{"a":{}}'] * 600))
        assert refused(IssuerKeys(fetcher(server))) == ("InvalidIdentityToken", refusals.TOO_MANY_KEYS)

    def test_too_slow(self, server: IssuerServer) -> None:
        server.answers["/keys"] = Answered(b"{}", delay=1)
        assert "too long" in refused(IssuerKeys(fetcher(server, seconds=0.2)))[1]

    @pytest.mark.parametrize("status", [204, 401, 404, 500])
    def test_another_status(self, server: IssuerServer, status: int) -> None:
        server.answers["/keys"] = Answered(b"", status=status)
        assert str(status) in refused(IssuerKeys(fetcher(server)))[1]

    @pytest.mark.parametrize("body", [b"", b"{", b"[]", b'{"keys":1}', b"<html>", b'{"keys":[],"keys":[]}'])
    def test_what_are_no_keys(self, server: IssuerServer, body: bytes) -> None:
        server.answers["/keys"] = Answered(body)
        assert refused(IssuerKeys(fetcher(server))) == ("InvalidIdentityToken", refusals.NO_KEY)

    def test_what_is_compressed_though_nobody_asked(self, server: IssuerServer) -> None:
        server.answers["/keys"] = Answered(b"{}", headers={"content-encoding": "gzip"})
        assert refused(IssuerKeys(fetcher(server)))[0] == "IDPCommunicationError"

    def test_an_address_that_is_not_public(self, server: IssuerServer) -> None:
        assert "address" in refused(IssuerKeys(fetcher(server, networks=())))[1]
        assert server.asked == []

    def test_one_address_among_others_that_is_not_public(self, server: IssuerServer) -> None:
        async def both(host: str, port: int) -> list[tuple[str, int]]:
            return [("127.0.0.1", server.port), ("10.0.0.1", 443)]

        assert "address" in refused(IssuerKeys(fetcher(server, resolve=both)))[1]
        assert server.asked == []

    def test_a_name_that_means_something_else_the_second_time(self, server: IssuerServer) -> None:
        """The address that was checked is connected to, for each connection anew."""
        answers = iter([[("127.0.0.1", server.port)], [("169.254.169.254", 443)]])

        async def rebinding(host: str, port: int) -> list[tuple[str, int]]:
            return next(answers)

        assert "address" in refused(IssuerKeys(fetcher(server, resolve=rebinding)))[1]
        assert server.asked == [DISCOVERY]

    def test_nobody_listens(self, server: IssuerServer) -> None:
        async def closed(host: str, port: int) -> list[tuple[str, int]]:
            return [("127.0.0.1", 1)]

        assert refused(IssuerKeys(fetcher(server, resolve=closed)))[0] == "IDPCommunicationError"


class TestRemembered:
    def test_keys_are_used_for_a_while_and_then_fetched_again(self, server: IssuerServer) -> None:
        clock = Clock()
        keys = IssuerKeys(fetcher(server), clock=clock)
        find(keys)
        clock.now += FRESH_SECONDS - 0.1
        find(keys)
        assert len(server.asked) == 2
        clock.now += 0.2
        find(keys)
        assert len(server.asked) == 4

    def test_they_outlive_an_outage_of_the_issuer_for_a_while(self, server: IssuerServer) -> None:
        clock = Clock()
        keys = IssuerKeys(fetcher(server), clock=clock)
        find(keys)
        server.answers.clear()
        clock.now += USABLE_SECONDS
        find(keys)
        clock.now += AGAIN_SECONDS + 1
        assert refused(keys)[0] == "IDPCommunicationError"

    def test_a_key_that_is_new_is_fetched_but_not_at_once_again(self, server: IssuerServer) -> None:
        clock = Clock()
        keys = IssuerKeys(fetcher(server), clock=clock)
        find(keys)
        server.offer(issuer.key_set(issuer.private_key("RS256", "second")))
        assert not find(keys, "second").knows("second")
        clock.now += AGAIN_SECONDS
        assert find(keys, "second").knows("second")
        for number in range(20):
            find(keys, f"guess-{number}")
        assert len(server.asked) == 4

    def test_a_failure_is_remembered_for_a_while(self, server: IssuerServer) -> None:
        clock = Clock()
        keys = IssuerKeys(fetcher(server), clock=clock)
        answers = dict(server.answers)
        server.answers.clear()
        for _ in range(3):
            refused(keys)
        assert len(server.asked) == 1
        server.answers.update(answers)
        clock.now += AGAIN_SECONDS
        assert find(keys).keys

    def test_only_so_many_issuers_are_remembered(self, server: IssuerServer, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(issuers, "REMEMBERED", 2)
        keys = IssuerKeys(fetcher(server))
        for number in range(5):
            url = f"{URL}/{number}"
            server.offer(issuer.key_set(), url=url)
            find(keys, url=url)
        assert len(keys._known) == 2

    @pytest.mark.parametrize(("room", "kept"), [(6, 3), (5, 2)])
    def test_only_so_many_keys_are_remembered(
        self, server: IssuerServer, monkeypatch: pytest.MonkeyPatch, room: int, kept: int
    ) -> None:
        of_each = len(issuer.key_set()["keys"])
        monkeypatch.setattr(issuers, "REMEMBERED_KEYS", room * of_each // 2)
        keys = IssuerKeys(fetcher(server))
        for number in (0, 1, 2, 2):
            url = f"{URL}/{number}"
            server.offer(issuer.key_set(), url=url)
            find(keys, url=url)
        assert len(keys._known) == kept

    def test_one_request_at_a_time_asks_an_issuer(self, server: IssuerServer) -> None:
        server.answers[DISCOVERY].delay = 0.1
        keys = IssuerKeys(fetcher(server))

        async def many() -> list[object]:
            return await asyncio.gather(
                *(keys.of(wanted(), "first") for _ in range(issuers.WAITING + 1)), return_exceptions=True
            )

        found = asyncio.run(many())
        assert server.asked == [DISCOVERY, "/keys"]
        assert sum(isinstance(one, KeySet) for one in found) == issuers.WAITING
        (refusal,) = (one for one in found if isinstance(one, Refused))
        assert refusal.code == "IDPCommunicationError"
        assert not keys._running
        assert not keys._waiting
        assert not keys._of_account

    def test_an_account_keeps_no_other_waiting(self, server: IssuerServer) -> None:
        server.answers[DISCOVERY].delay = 0.1
        keys = IssuerKeys(fetcher(server))

        async def many() -> list[object]:
            of_one = (keys.of(wanted(f"{URL}/{number}"), None) for number in range(issuers.FETCHING + 1))
            return await asyncio.gather(
                *of_one, keys.of(wanted(account="444455556666"), "first"), return_exceptions=True
            )

        *of_one, of_other = asyncio.run(many())
        assert isinstance(of_other, KeySet)
        assert "too many requests" in str(of_one[-1])

    def test_who_goes_away_stops_nobody(self, server: IssuerServer) -> None:
        server.answers[DISCOVERY].delay = 0.05
        keys = IssuerKeys(fetcher(server))

        async def two() -> KeySet:
            first = asyncio.create_task(keys.of(wanted(), "first"))
            second = asyncio.create_task(keys.of(wanted(), "first"))
            await asyncio.sleep(0.01)
            first.cancel()
            return await second

        assert asyncio.run(two()).keys


class TestGiven:
    def test_an_issuer_of_the_file_is_never_asked(self, server: IssuerServer, tmp_path: Path) -> None:
        path = tmp_path / "keys.json"
        path.write_text(json.dumps({URL: issuer.key_set(issuer.private_key("ES256"))}))
        keys = IssuerKeys(fetcher(server), given=GivenKeys(path))
        assert [key.type for key in find(keys).keys] == ["EC"]
        assert server.asked == []
        server.offer(issuer.key_set(), url=f"{URL}/other")
        assert [key.type for key in find(keys, url=f"{URL}/other").keys] == ["RSA"]

    def test_a_file_that_changes_is_read_again(self, server: IssuerServer, tmp_path: Path) -> None:
        path = tmp_path / "keys.json"
        path.write_text(json.dumps({URL: issuer.key_set()}))
        keys = IssuerKeys(fetcher(server), given=GivenKeys(path))
        assert find(keys).knows("first")
        path.write_text(json.dumps({URL: issuer.key_set(issuer.private_key("RS256", "second"))}))
        os.utime(path, ns=(1, 1))
        assert find(keys).knows("second")
        assert not find(keys).knows("first")

    @pytest.mark.parametrize(
        "text",
        [
            "",
            "[]",
            '{"http://a.b":{"keys":[]}}',
            '{"https://a.b":[]}',
            '{"https://a.b":{}}',
            '{"http://a.b":{"keys":[]},"https://a.b":{"keys":[]}}',
        ],
    )
    def test_what_is_no_such_file_gives_no_keys(self, server: IssuerServer, tmp_path: Path, text: str) -> None:
        path = tmp_path / "keys.json"
        keys = IssuerKeys(fetcher(server), given=GivenKeys(path))
        assert refused(keys)[0] == "IDPCommunicationError"
        path.write_text(text)
        assert refused(keys)[0] == "IDPCommunicationError"
        assert server.asked == []


@pytest.mark.parametrize(
    "address",
    [
        *(
            "127.0.0.1",
            "10.1.2.3",
            "172.16.0.1",
            "192.168.1.1",
            "169.254.169.254",
            "100.64.0.1",
            "0.0.0.0",
            "224.0.0.1",
        ),
        *("255.255.255.255", "::1", "::", "fe80::1", "fd00:ec2::254", "ff02::1", "::ffff:10.0.0.1", "2002:a00:1::"),
        *("64:ff9b::a9fe:a9fe", "192.0.2.1", "not an address", ""),
        *("::127.0.0.1", "::ffff:0:127.0.0.1", "64:ff9b:1::a9fe:a9fe", "fec0::1", "5f00::1", "192.0.0.8"),
    ],
)
def test_addresses_that_are_not_public(address: str) -> None:
    assert not may_be_reached(address, ())


@pytest.mark.parametrize("address", ["8.8.8.8", "2606:4700::1111", "::ffff:8.8.8.8", "64:ff9b::808:808"])
def test_public_addresses(address: str) -> None:
    assert may_be_reached(address, ())


def test_networks_that_are_named() -> None:
    networks = read_networks("10.0.0.0/8, fd00::/8,")
    assert may_be_reached("10.9.9.9", networks)
    assert may_be_reached("::ffff:10.9.9.9", networks)
    assert may_be_reached("fd00::1", networks)
    assert not may_be_reached("192.168.1.1", networks)
    with pytest.raises(ValueError, match="host bits"):
        read_networks("10.0.0.1/8")


def test_what_goes_wrong_tells_nothing_of_what_was_answered(server: IssuerServer) -> None:
    server.answers["/keys"] = Answered(b"secret of the network", status=403)
    with pytest.raises(Unreachable) as caught:
        asyncio.run(fetcher(server).get(f"{URL}/keys", ()))
    assert "secret" not in str(caught.value)
