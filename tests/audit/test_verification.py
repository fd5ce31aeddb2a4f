"""Whatever is done to a log is found: bytes that are altered, lines that are removed, added, moved, or cut off."""

from __future__ import annotations

import json
import re
import secrets
from datetime import UTC, datetime
from pathlib import Path
from types import SimpleNamespace

import pytest

from carnet.audit import log_files
from carnet.audit.chain import Tip, linked, place_of
from carnet.audit.chained_lines import ChainedLines
from carnet.audit.checkpoints import (
    Checkpoint,
    Checkpoints,
    check_elsewhere,
    public_key,
    read_checkpoints,
    signed,
    signing_key,
)
from carnet.audit.segments import Segments
from carnet.audit.verification import Broken, Verification, verify, within
from carnet.keyring.aead import KEY_BYTES
from carnet.keyring.data_keys import new_data_keys
from carnet.keyring.keyring import Keyring
from carnet.keyring.master_key import MasterKey
from carnet.store.changes import Revision

NOW = datetime(2026, 1, 2, tzinfo=UTC)
REVISION = Revision(7, "epoch", b"h")


def clock() -> datetime:
    return NOW


def keyring_of(master: MasterKey) -> Keyring:
    return Keyring.unwrap(master, new_data_keys(master, now=NOW))


KEYRING = keyring_of(MasterKey(secrets.token_bytes(KEY_BYTES)))
KEYS = frozenset((public_key(signing_key(KEYRING)),))


def log_of(path: Path, count: int) -> ChainedLines:
    lines = ChainedLines(path, clock)
    lines.append(*({"n": number, "text": "x" * (number % 7)} for number in range(count)))
    return lines


def two_files(path: Path, monkeypatch: pytest.MonkeyPatch) -> list[Path]:
    """A log that was rolled once, the oldest first."""
    lines = log_of(path, 5)
    path.rename(path.with_name("audit-20260102T030405.000006Z.jsonl"))
    with monkeypatch.context() as patched:
        patched.setattr(log_files, "_LOOK_SECONDS", 0.0)
        assert lines.follow()
    lines.append({"n": 5})
    return Segments(path).newest_first()[::-1]


def checkpoint_of(place: Tip, keyring: Keyring = KEYRING) -> Checkpoint:
    line = json.dumps(signed(signing_key(keyring), place, REVISION, NOW))
    (made,) = read_checkpoints([f"Jan  2 03:04:05 host carnet: {line}\n", "another line\n", "\n"])
    return made


def places(path: Path) -> list[Tip]:
    return [place for line in path.read_bytes().split(b"\n") if (place := place_of(line)) is not None]


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "audit.jsonl"


def test_every_byte_that_is_altered_is_found(path: Path) -> None:
    log_of(path, 100)
    whole = path.read_bytes()
    assert verify([path]).records == 101
    last = checkpoint_of(places(path)[-1])
    for at in range(0, len(whole), 3):
        for flipped in (0x01, 0x80):
            path.write_bytes(whole[:at] + bytes([whole[at] ^ flipped]) + whole[at + 1 :])
            with pytest.raises(Broken):
                verify([path], [last], KEYS)


def test_the_first_line_that_was_altered_is_named(path: Path) -> None:
    log_of(path, 10)
    path.write_bytes(path.read_bytes().replace(b'"n":4', b'"n":5').replace(b'"n":8', b'"n":7'))
    with pytest.raises(Broken, match="line 6 was altered: it is not what was written as record 6"):
        verify([path])


@pytest.mark.parametrize(
    ("order", "why"),
    [
        ([0, 1, 3, 4, 5], "line 3 is record 4: missing before it is 3"),
        ([0, 1, 4, 5], "line 3 is record 5: missing before it is 3 to 4"),
        ([0, 1, 3, 2, 4, 5], "line 3 is record 4"),
        ([0, 1, 2, 2, 3, 4, 5], "line 4 is record 3 a second time"),
        ([1, 2, 3, 4, 5], "line 1 is record 2, with which no file begins"),
    ],
)
def test_lines_that_are_removed_moved_or_doubled_are_found(path: Path, order: list[int], why: str) -> None:
    log_of(path, 5)
    lines = path.read_bytes().splitlines(keepends=True)
    path.write_bytes(b"".join(lines[number] for number in order))
    with pytest.raises(Broken, match=why):
        verify([path])


@pytest.mark.parametrize("added", [b'{"n":1}\n', b'{"n":1}\n{"n":2}\n', b'{"tornLine":{"bytes":1,"sha256":""}}\n'])
@pytest.mark.parametrize("at", [1, 3, 6])
def test_lines_that_are_added_are_found(path: Path, added: bytes, at: int) -> None:
    log_of(path, 5)
    lines = path.read_bytes().splitlines(keepends=True)
    path.write_bytes(b"".join(lines[:at]) + added + b"".join(lines[at:]))
    with pytest.raises(Broken, match=f"line {at + 1} is not of the chain|line {at + 2} is not of the chain"):
        verify([path])


def test_an_end_that_is_cut_off_is_found_by_a_checkpoint_alone(path: Path) -> None:
    log_of(path, 5)
    behind = [checkpoint_of(place) for place in places(path)]
    lines = path.read_bytes().splitlines(keepends=True)
    path.write_bytes(b"".join(lines[:4]))
    assert verify([path], behind[:4], KEYS).checkpoints == 4
    assert verify([path]).records == 4
    with pytest.raises(Broken, match=r"ends with record 4, and a checkpoint of .* tells of record 5: the end was cut"):
        verify([path], behind, KEYS)
    path.write_bytes(b"".join(lines[:4]) + lines[4][:20])
    with pytest.raises(Broken, match="line 5 has no end"):
        verify([path])


def test_a_chain_that_is_written_anew_is_found_by_a_checkpoint(path: Path) -> None:
    log_of(path, 5)
    last = checkpoint_of(places(path)[-1])
    lines = path.read_bytes().split(b"\n")[:-1]
    begin = places(path)[0]
    forged = b"".join(line[: line.rfind(b',"chain"')].replace(b'"n":2', b'"n":9') + b"}\n" for line in lines[1:])
    path.write_bytes(lines[0] + b"\n" + linked(begin, forged)[1])
    assert verify([path]).records == 6
    with pytest.raises(Broken, match="line 6 is not the record 6 that a checkpoint tells of"):
        verify([path], [last], KEYS)


def test_another_log_in_its_place_is_found_by_a_checkpoint(path: Path) -> None:
    log_of(path, 2)
    last = checkpoint_of(places(path)[-1])
    path.unlink()
    log_of(path, 9)
    with pytest.raises(Broken, match="no line of it is here"):
        verify([path], [last], KEYS)
    path.write_bytes(b'{"old":1}\n')
    with pytest.raises(Broken, match="no line with a place"):
        verify([path], [last], KEYS)


def test_a_checkpoint_that_is_forged_is_found(path: Path) -> None:
    log_of(path, 2)
    place = places(path)[-1]
    other = checkpoint_of(place, keyring_of(MasterKey(secrets.token_bytes(KEY_BYTES))))
    told = signed(signing_key(KEYRING), place, REVISION, NOW)
    told["checkpoint"]["number"] = 2
    with pytest.raises(Broken, match=re.escape(f"is signed by the key {other.key}, not by {next(iter(KEYS))}.")):
        verify([path], [other], KEYS)
    (altered,) = read_checkpoints([json.dumps(told)])
    with pytest.raises(Broken, match="was altered: its signature is not that of its key"):
        verify([path], [altered], KEYS)
    assert list(read_checkpoints(['{"checkpoint":', '{"checkpoint":{}}', '{"checkpoint":[]}', "{}"])) == []


def test_a_chain_goes_through_all_files(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    first, second = two_files(path, monkeypatch)
    both = verify([first, second])
    assert (both.records, both.first, [tip.number for tip in both.last.values()]) == (9, {places(path)[0].log: 1}, [9])
    older = [checkpoint_of(places(first)[2]), checkpoint_of(places(second)[-1])]
    kept = verify([second], older, KEYS)  # the other one was too old
    assert (kept.records, kept.checkpoints, kept.older) == (2, 1, 1)
    assert verify([first], older, KEYS, whole=False).checkpoints == 1
    with pytest.raises(Broken, match="the end was cut off"):
        verify([first], older, KEYS)
    first.write_bytes(b"".join(first.read_bytes().splitlines(keepends=True)[:-2]))
    with pytest.raises(Broken, match="is record 8: missing before it is 6 to 7"):
        verify([first, second])


def test_the_chain_begins_where_an_earlier_release_has_ended(path: Path) -> None:
    path.write_text('{"old":1}\n{"old":2}\n')
    log_of(path, 2)
    found = verify([path])
    assert (found.unchained, found.records) == (2, 3)


def test_what_a_crash_has_left_is_no_break_if_the_chain_tells_of_it(path: Path) -> None:
    log_of(path, 2)
    with path.open("ab") as file:
        file.write(b'{"torn')
    ChainedLines(path, clock).append({"n": 2})
    found = verify([path])
    assert (found.torn, found.records) == (1, 5)
    path.write_bytes(path.read_bytes().replace(b'{"torn\n', b'{"t0rn\n'))
    with pytest.raises(Broken, match="line 4 is not of the chain"):
        verify([path])


def test_of_some_time_are_the_files_that_may_have_lines_of_it(path: Path) -> None:
    files = [path.with_name(f"{day}.jsonl") for day in (1, 2, 3)]
    for day, file in enumerate(files, 1):
        file.write_text(json.dumps({"segment": {"time": f"2026-01-0{day}T00:00:00Z"}}) + "\n")
    assert within(files, None, None) == files
    assert within(files, "2026-01-02T12:00:00Z", None) == files[1:]
    assert within(files, None, "2026-01-02T12:00:00Z") == files[:2]
    assert within(files, "2026-01-02T00:00:00Z", "2026-01-02T00:00:01Z") == files[1:2]


def test_checkpoints_are_made_once_a_minute_or_a_thousand_lines_and_kept_elsewhere(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    beside, elsewhere = tmp_path / "checkpoints.jsonl", tmp_path / "elsewhere"
    checkpoints = Checkpoints(KEYRING, beside, clock, str(elsewhere))
    now = 100.0
    monkeypatch.setattr("carnet.audit.checkpoints.time", SimpleNamespace(monotonic=lambda: now))
    place = Tip("0" * 16, 5, bytes(32))
    assert checkpoints.due(place)
    checkpoints.make(place, REVISION)
    assert not checkpoints.due(place, at_end=True)
    assert not checkpoints.due(place._replace(number=1004))
    assert checkpoints.due(place._replace(number=1005))
    assert checkpoints.due(place._replace(number=6), at_end=True)
    now = 160.0
    assert checkpoints.due(place._replace(number=6))
    assert beside.read_bytes() == elsewhere.read_bytes()
    (made,) = read_checkpoints(beside.read_text().splitlines())
    assert (made.place, made.revision, made.right, frozenset((made.key,))) == (place, REVISION, True, KEYS)
    assert made.time == "2026-01-02T00:00:00Z"


def test_where_nothing_can_be_sent_the_checkpoint_is_kept_all_the_same(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    beside = tmp_path / "checkpoints.jsonl"
    Checkpoints(KEYRING, beside, clock, str(tmp_path / "no" / "such" / "place")).make(
        Tip("0" * 16, 5, bytes(32)), REVISION
    )
    assert "could not be sent" in caplog.text
    assert len(beside.read_text().splitlines()) == 1


@pytest.mark.parametrize("elsewhere", ["https://example.com", "syslog://", "syslog://host/path", "syslog://host:x"])
def test_places_that_are_none_are_refused(elsewhere: str) -> None:
    with pytest.raises(ValueError, match=r"neither|[Pp]ort"):
        check_elsewhere(elsewhere)


def test_nothing_is_said_of_nothing() -> None:
    with pytest.raises(Broken):
        verify([])
    assert Verification().records == 0
