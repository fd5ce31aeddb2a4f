"""The master key file: made once, whole, and for nobody else's eyes."""

from __future__ import annotations

import os
import stat
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from carnet.keyring import master_key
from carnet.keyring.errors import BadMasterKey
from carnet.keyring.master_key import MasterKey

RAW = bytes(range(32))


def written(path: Path, raw: bytes, mode: int = 0o400) -> Path:
    path.write_bytes(raw)
    path.chmod(mode)
    return path


def test_created_key_is_the_loaded_one(tmp_path: Path) -> None:
    created = master_key.create(tmp_path / "key")
    assert master_key.load(tmp_path / "key").unwrap(created.wrap(b"data key", b"aad"), b"aad") == b"data key"
    assert os.listdir(tmp_path) == ["key"]


def test_created_file_is_only_the_owners_to_read(tmp_path: Path) -> None:
    master_key.create(tmp_path / "key")
    assert stat.S_IMODE((tmp_path / "key").stat().st_mode) == 0o400
    assert (tmp_path / "key").stat().st_size == 32


def test_key_is_never_overwritten(tmp_path: Path) -> None:
    path = written(tmp_path / "key", RAW)
    with pytest.raises(FileExistsError):
        master_key.create(path)
    assert path.read_bytes() == RAW
    assert os.listdir(tmp_path) == ["key"]


def test_many_at_once_get_one_key(tmp_path: Path) -> None:
    with ThreadPoolExecutor(8) as pool:
        keys = list(pool.map(lambda _: master_key.load_or_create(tmp_path / "key"), range(32)))
    wrapped = keys[0].wrap(b"data key", b"")
    assert {key.unwrap(wrapped, b"") for key in keys} == {b"data key"}
    assert os.listdir(tmp_path) == ["key"]


@pytest.mark.parametrize("mode", [0o440, 0o404, 0o420, 0o644, 0o777, 0o401])
def test_file_open_to_others_is_refused(tmp_path: Path, mode: int) -> None:
    with pytest.raises(BadMasterKey, match=f"mode {mode:04o}"):
        master_key.load(written(tmp_path / "key", RAW, mode))


@pytest.mark.parametrize("mode", [0o400, 0o600])
def test_file_open_to_its_owner_is_good(tmp_path: Path, mode: int) -> None:
    loaded = master_key.load(written(tmp_path / "key", RAW, mode))
    assert loaded.unwrap(MasterKey(RAW).wrap(b"x", b""), b"") == b"x"


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give a file to root")
@pytest.mark.parametrize(
    ("mode", "good"), [(0o400, True), (0o440, True), (0o640, True), (0o460, False), (0o444, False)]
)
def test_roots_file_may_be_read_by_its_group(
    tmp_path: Path, mode: int, good: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As Kubernetes mounts a Secret for a process that is not root's."""
    path = written(tmp_path / "key", RAW, mode)
    monkeypatch.setattr(os, "geteuid", lambda: 10001)
    if good:
        assert master_key.load(path).unwrap(MasterKey(RAW).wrap(b"x", b""), b"") == b"x"
    else:
        with pytest.raises(BadMasterKey, match="is open to other users"):
            master_key.load(path)


@pytest.mark.parametrize("length", [0, 16, 31, 33, 44, 4096])
def test_file_of_another_length_is_refused(tmp_path: Path, length: int) -> None:
    with pytest.raises(BadMasterKey, match="exactly 32 bytes"):
        master_key.load(written(tmp_path / "key", b"k" * length))


def test_no_file(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        master_key.load(tmp_path / "key")


def test_what_is_no_file_is_refused(tmp_path: Path) -> None:
    with pytest.raises(BadMasterKey, match="cannot be read"):
        master_key.load(tmp_path)
    with pytest.raises(BadMasterKey, match="cannot be made"):
        master_key.create(tmp_path / "absent" / "key")


def test_key_does_not_show_itself() -> None:
    key = MasterKey(b"unmistakable-master-key-material")
    assert repr(key) == str(key) == "MasterKey(...)"


@pytest.mark.parametrize("at", [0, 11, 12, 20, -1])
def test_altered_wrapping_does_not_open(at: int) -> None:
    key = MasterKey(RAW)
    wrapped = bytearray(key.wrap(b"data key", b"aad"))
    wrapped[at] ^= 1
    assert key.unwrap(bytes(wrapped), b"aad") is None
    assert key.unwrap(key.wrap(b"data key", b"aad"), b"other") is None
    assert key.unwrap(b"short", b"aad") is None


def test_a_device_is_no_key_file() -> None:
    with pytest.raises(BadMasterKey, match=r"^The master key file /dev/null is not a regular file\.$"):
        master_key.load(Path("/dev/null"))


@pytest.mark.parametrize(("owner", "good"), [(0, True), (os.geteuid(), True), (os.geteuid() + 1, False)])
def test_a_key_file_belongs_to_this_user_or_to_root(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, owner: int, good: bool
) -> None:
    path = written(tmp_path / "key", RAW)
    status = list(path.stat())
    status[stat.ST_UID] = owner
    monkeypatch.setattr(os, "fstat", lambda descriptor: os.stat_result(status))
    if good:
        assert master_key.load(path).unwrap(MasterKey(RAW).wrap(b"x", b""), b"") == b"x"
    else:
        with pytest.raises(BadMasterKey, match="belongs to another user"):
            master_key.load(path)
