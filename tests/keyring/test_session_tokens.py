"""Session tokens: what was issued opens, and nothing else does."""

from __future__ import annotations

import base64
import json
import zlib
from random import Random
from types import SimpleNamespace

import pytest
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from carnet.base.ids import account_of_key
from carnet.keyring import session_tokens
from carnet.keyring.data_keys import KeyState, Purpose, moved_to, new_data_key, new_data_keys
from carnet.keyring.errors import TokenTooLarge
from carnet.keyring.keyring import Keyring
from carnet.keyring.packing import MAX_UNPACKED_BYTES, pack, unpack
from carnet.keyring.session_claims import SessionClaims
from carnet.keyring.session_tokens import MAX_TOKEN_CHARACTERS, OpenedSession, SessionTokens
from tests.keyring.keys import KEYRING, MASTER, NOW, WRAPPED

CLAIMS = SessionClaims(
    kind="assumed-role",
    account="029608264753",
    principal_id="AROAQNZGKIQY56JQ7WMLA",
    session_name="alice",
    issued_ms=1_704_110_400_000,
    expires_ms=1_704_114_000_000,
    token_id="4f9b1c9e-7d3b-4d2e-9a55-3c1f6f8f0c11",
)
RICH = replace(
    CLAIMS,
    source_identity="bob",
    tags={"team": "ä" * 50, "cost": ""},
    transitive_tag_keys=("team",),
    policies=('{"Version": "2012-10-17", "Statement": []}' * 24,),
    policy_arns=("arn:aws:iam::aws:policy/ReadOnlyAccess",),
    mfa_ms=1_704_110_300_000,
    provider="arn:aws:iam::029608264753:saml-provider/x",
    provider_keys={"saml:sub": "ann", "idp.example.com:amr": ("pwd", "otp")},
    chain_depth=1,
    epoch="7",
)
TOKENS = SessionTokens(KEYRING)
ISSUED = TOKENS.issue(RICH)
KEY_ID, TOKEN = ISSUED.access_key_id, ISSUED.session_token
RAW = base64.urlsafe_b64decode(TOKEN + "==")
ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"


def encoded(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


texts = st.text(st.characters(codec="utf-8"), max_size=20)
claims_in_general = st.builds(
    SessionClaims,
    kind=st.sampled_from(["assumed-role", "session-token", "federated-user"]),
    account=st.from_regex(r"[0-9]{12}", fullmatch=True),
    principal_id=texts,
    session_name=texts,
    issued_ms=st.integers(0, 2**53),
    expires_ms=st.integers(0, 2**53),
    token_id=texts,
    source_identity=st.none() | texts,
    tags=st.dictionaries(texts, texts, max_size=5),
    transitive_tag_keys=st.lists(texts, max_size=3).map(tuple),
    policies=st.lists(texts, max_size=2).map(tuple),
    policy_arns=st.lists(texts, max_size=2).map(tuple),
    mfa_ms=st.none() | st.integers(0, 2**53),
    provider=st.none() | texts,
    provider_keys=st.dictionaries(texts, texts | st.lists(texts, max_size=2).map(tuple), max_size=3),
    chain_depth=st.integers(0, 5),
    epoch=texts,
)


@given(claims_in_general)
def test_opens_what_was_issued(claims: SessionClaims) -> None:
    issued = TOKENS.issue(claims)
    opened = SessionTokens(KEYRING).open(issued.access_key_id, issued.session_token)
    assert opened == OpenedSession(claims=claims, secret_access_key=issued.secret_access_key)


def test_form_of_the_credentials() -> None:
    assert KEY_ID.startswith("ASIA")
    assert len(KEY_ID) == 20
    assert account_of_key(KEY_ID) == "029608264753"
    assert len(ISSUED.secret_access_key) == 40
    assert set(TOKEN) <= set(ALPHABET)
    assert len({TOKENS.issue(CLAIMS).access_key_id for _ in range(100)}) == 100


def test_another_node_opens_it() -> None:
    elsewhere = SessionTokens(Keyring.unwrap(MASTER, WRAPPED)).open(KEY_ID, TOKEN)
    assert elsewhere == OpenedSession(claims=RICH, secret_access_key=ISSUED.secret_access_key)


def test_a_session_that_is_over_still_opens() -> None:
    past = TOKENS.issue(replace(CLAIMS, issued_ms=0, expires_ms=1))
    opened = TOKENS.open(past.access_key_id, past.session_token)
    assert opened is not None
    assert opened.claims.expires_ms == 1


@pytest.mark.parametrize("at", range(len(RAW)))
def test_any_changed_byte(at: int) -> None:
    for bit in (1, 0x80):
        changed = bytearray(RAW)
        changed[at] ^= bit
        assert TOKENS.open(KEY_ID, encoded(bytes(changed))) is None


def test_any_changed_character() -> None:
    for at in range(len(TOKEN)):
        for other in (*ALPHABET[at % 7 :: 7], "+", "/", "=", " ", "\n", "é", "\u0661"):
            changed = TOKEN[:at] + other + TOKEN[at + 1 :]
            assert changed == TOKEN or TOKENS.open(KEY_ID, changed) is None


def test_truncated_and_extended() -> None:
    for end in range(len(TOKEN)):
        assert TOKENS.open(KEY_ID, TOKEN[:end]) is None
    for extra in ("A", "AA", "=", "==", " ", "\n", "\0", TOKEN):
        assert TOKENS.open(KEY_ID, TOKEN + extra) is None
        assert TOKENS.open(KEY_ID, extra + TOKEN) is None


@given(st.text(max_size=200), st.text(max_size=30))
def test_noise(token: str, key_id: str) -> None:
    assert TOKENS.open(KEY_ID, token) is None
    assert TOKENS.open(key_id, TOKEN) is None
    assert TOKENS.open("\ud800", TOKEN + "\ud800") is None


def test_token_of_one_session_with_the_key_id_of_another() -> None:
    first, second = TOKENS.issue(CLAIMS), TOKENS.issue(CLAIMS)
    assert TOKENS.open(first.access_key_id, second.session_token) is None
    assert TOKENS.open(second.access_key_id, first.session_token) is None
    assert first.secret_access_key != second.secret_access_key


def test_unknown_kid_and_foreign_keyring() -> None:
    foreign = SessionTokens(Keyring.unwrap(MASTER, new_data_keys(MASTER, now=NOW)))
    issued = foreign.issue(CLAIMS)
    assert TOKENS.open(issued.access_key_id, issued.session_token) is None
    relabelled = base64.urlsafe_b64decode(issued.session_token + "==")
    assert TOKENS.open(issued.access_key_id, encoded(RAW[:5] + relabelled[5:])) is None


def test_retired_key_opens_and_a_destroyed_one_does_not() -> None:
    old = next(key for key in WRAPPED if key.purpose == Purpose.SESSION_TOKENS)
    others = [key for key in WRAPPED if key is not old]
    new = new_data_key(MASTER, old.purpose, KeyState.PRIMARY, now=NOW)
    rotated = SessionTokens(Keyring.unwrap(MASTER, (*others, moved_to(MASTER, old, KeyState.RETIRED, NOW), new)))
    destroyed = SessionTokens(Keyring.unwrap(MASTER, (*others, new)))
    assert rotated.open(KEY_ID, TOKEN) is not None
    assert destroyed.open(KEY_ID, TOKEN) is None
    issued = rotated.issue(CLAIMS)
    assert base64.urlsafe_b64decode(issued.session_token + "==")[1:5].hex() == new.kid


def test_commitment_to_the_key_is_checked(monkeypatch: pytest.MonkeyPatch) -> None:
    def never(*_: object) -> None:
        raise AssertionError("decrypted without looking at the commitment")

    monkeypatch.setattr(session_tokens, "AESGCM", lambda key: SimpleNamespace(decrypt=never))
    changed = bytearray(RAW)
    changed[29] ^= 1
    assert SessionTokens(KEYRING).open(KEY_ID, encoded(bytes(changed))) is None


def sealed_as(packed: bytes, account: str = CLAIMS.account) -> tuple[str, str]:
    """A token that only the holder of the data key can make: genuine in all but its content."""
    key, salt = KEYRING.ring(Purpose.SESSION_TOKENS).primary, bytes(24)
    derived = session_tokens._derive(session_tokens._extract(key.secret, salt))
    key_id = session_tokens._key_id(account, derived.noise)
    ciphertext = AESGCM(derived.encryption_key).encrypt(bytes(12), packed, session_tokens._aad(key.kid, key_id))
    return key_id, encoded(b"\x01" + key.kid + salt + derived.commitment + ciphertext)


def test_sealing_by_hand_is_a_fair_test() -> None:
    packed = pack(CLAIMS)
    assert packed is not None
    assert TOKENS.open(*sealed_as(packed)) is not None


def test_key_id_that_names_another_account_than_the_claims() -> None:
    packed = pack(CLAIMS)
    assert packed is not None
    assert TOKENS.open(*sealed_as(packed, account="609629065308")) is None


def test_tokens_of_other_releases_have_the_same_content() -> None:
    claims = replace(CLAIMS, tags={"team": "a"}, policy_arns=("arn:aws:iam::aws:policy/x",), chain_depth=1, person="p")
    packed = (
        b'\0{"k":"assumed-role","a":"029608264753","p":"AROAQNZGKIQY56JQ7WMLA","n":"alice","i":%d,"e":%d,"j":"%s",'
        b'"t":{"team":"a"},"r":["arn:aws:iam::aws:policy/x"],"c":1,"h":"p"}'
    ) % (CLAIMS.issued_ms, CLAIMS.expires_ms, CLAIMS.token_id.encode())
    assert pack(claims) == packed
    assert unpack(packed) == claims


@pytest.mark.parametrize(
    "packed",
    [
        b"",
        b"\0",
        b"\0[]",
        b"\0{",
        b"\0{}",
        b"\0" + json.dumps({"k": "assumed-role"}).encode(),
        b"\2{}",
        b"\1not deflated",
        b"\1" + zlib.compress(b"{}") + b"more",
        b"\1" + zlib.compress(b"[" * 100_000),
    ],
)
def test_content_that_is_no_claims(packed: bytes) -> None:
    assert TOKENS.open(*sealed_as(packed)) is None


def test_a_claim_not_known_here_is_not_ignored() -> None:
    packed = pack(CLAIMS)
    assert packed is not None
    assert unpack(packed) == CLAIMS
    assert unpack(packed[:-1] + b',"zz":1}') is None


def test_zip_bomb_is_not_inflated() -> None:
    bomb = b"\1" + zlib.compress(b" " * 100_000_000)
    assert len(bomb) < 200_000
    assert unpack(bomb) is None
    assert TOKENS.open(*sealed_as(b"\1" + zlib.compress(b" " * 4_000_000))) is None


def test_claims_up_to_the_bound_are_packed_and_unpacked() -> None:
    empty = pack(replace(CLAIMS, epoch="x" * 2000))
    assert empty is not None
    room = MAX_UNPACKED_BYTES - len(zlib.decompress(empty[1:])) + 2000
    fits, too_much = replace(CLAIMS, epoch="x" * room), replace(CLAIMS, epoch="x" * (room + 1))
    packed = pack(fits)
    assert packed is not None
    assert unpack(packed) == fits
    assert pack(too_much) is None


@pytest.mark.parametrize("size", [7_000, 40_000])
def test_too_much_for_a_token(size: int) -> None:
    noise = Random(size).randbytes(size).hex()
    with pytest.raises(TokenTooLarge):
        TOKENS.issue(replace(CLAIMS, tags={str(at): noise[at : at + 256] for at in range(0, len(noise), 256)}))


def test_token_over_the_bound_is_not_even_decoded(monkeypatch: pytest.MonkeyPatch) -> None:
    def never(*_: object) -> bytes:
        raise AssertionError("decoded")

    monkeypatch.setattr("base64.urlsafe_b64decode", never)
    assert SessionTokens(KEYRING).open(KEY_ID, "A" * (MAX_TOKEN_CHARACTERS + 1)) is None


def test_opened_tokens_are_remembered_and_forgeries_are_not() -> None:
    tokens = SessionTokens(KEYRING, remembered=2)
    opened = tokens.open(KEY_ID, TOKEN)
    for at in range(10):
        assert tokens.open(KEY_ID, TOKEN[:-1] + ALPHABET[at]) in (None, opened)
    assert tokens.open(KEY_ID, TOKEN) is opened
    for _ in range(2):
        other = tokens.issue(CLAIMS)
        assert tokens.open(other.access_key_id, other.session_token) is not None
    assert tokens.open(KEY_ID, TOKEN) is not opened
    assert tokens.open(KEY_ID, TOKEN) == opened


def test_a_remembered_session_cannot_be_changed() -> None:
    opened = TOKENS.open(KEY_ID, TOKEN)
    assert opened is not None
    with pytest.raises(TypeError):
        opened.claims.tags["team"] = "admins"  # type: ignore[index]  # that it is a type error is the point


def test_nothing_shows_the_secret() -> None:
    opened = TOKENS.open(KEY_ID, TOKEN)
    for shown in (repr(ISSUED), repr(opened), repr(TOKENS)):
        assert ISSUED.secret_access_key not in shown
        assert TOKEN not in shown


def test_the_token_does_not_hold_the_secret() -> None:
    assert ISSUED.secret_access_key.encode() not in RAW
    assert b"alice" not in RAW


@pytest.mark.parametrize("policy", ["\ud800", '{"Sid": "\udfff"}', "\ud83d\ude00" * 2_000])
def test_claims_hold_whatever_text_a_session_policy_may_be(policy: str) -> None:
    claims = replace(CLAIMS, policies=(policy,), tags={"team": "a"}, transitive_tag_keys=("team",))
    packed = pack(claims)
    assert packed is not None
    assert unpack(packed) == claims


def test_a_time_of_more_than_64_bits_is_packed_too() -> None:
    packed = pack(replace(CLAIMS, expires_ms=2**64))
    assert packed is not None
    assert unpack(packed) == replace(CLAIMS, expires_ms=2**64)
