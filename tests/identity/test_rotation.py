"""Data keys follow one another while nodes serve, and a process may be killed at every moment of it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from carnet.assembly.settings import Settings
from carnet.audit.checkpoints import own_public_keys, public_key, signing_key
from carnet.base.faults import Unavailable
from carnet.cli import main
from carnet.entities.access_key import AccessKey
from carnet.identity import resealing
from carnet.identity.resealing import CARRIED_FOR, RESEALING, stored_keys
from carnet.identity.sealed_kinds import kinds_of
from carnet.keyring.data_keys import KeyState, Purpose, WrappedKey, moved_to, staged_after
from carnet.keyring.errors import KeyringError, Unsealable
from carnet.keyring.keyring import kid_of
from carnet.keyring.master_key import MasterKey, load_or_create
from carnet.services.key_rotation import NodesAreBehind, keys_of, rewrap_data_keys
from carnet.store.changes import Revision
from carnet.store.leases import Lease, LeaseLost
from carnet.store.nodes import Node as Report
from carnet.store.store import Store
from carnet.store.unit_of_work import UnitOfWork
from tests.identity.rotating import Clock, Node, fill, joined, rotate_to_the_end
from tests.stores import raw

STAGED, PRIMARY, RETIRED, KEPT = KeyState.STAGED, KeyState.PRIMARY, KeyState.RETIRED, KeyState.KEPT


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings(data_dir=tmp_path)


@pytest.fixture
def nodes(settings: Settings, clock: Clock, monkeypatch: pytest.MonkeyPatch) -> Iterator[tuple[Node, Node]]:
    monkeypatch.setattr(resealing, "_BATCH", 1)
    with joined(settings, clock) as one, joined(settings, clock) as other:
        fill(one)
        yield one, other


def test_a_rotation_seals_all_anew_and_ends_the_old_keys(nodes: tuple[Node, Node]) -> None:
    one, other = nodes
    before, session = one.sealed(), one.session()
    staged = {key.purpose: key.kid for key in one.stage()}
    rotate_to_the_end(one, other)
    after = one.sealed()
    assert after.keys() == before.keys()
    assert {place: kid_of(value) for place, value in after.items()} == {
        place: staged[place.purpose] for place in before
    }
    for purpose in Purpose:
        carried = not kinds_of(purpose)
        assert one.states(purpose) == [RETIRED if carried else KEPT, PRIMARY]
    for each in nodes:
        each.presence.report()
        assert each.all_open()
        assert each.knows(session)
        for place, value in before.items():
            with pytest.raises(Unsealable):
                each.installation.keyring.open(value, context=place)


def test_a_key_seals_when_every_node_has_it_and_none_before(nodes: tuple[Node, Node]) -> None:
    one, other = nodes
    one.stage()
    one.presence.report()
    one.work()
    assert one.states() == [PRIMARY, STAGED], "the other node does not have it"
    other.presence.report()
    one.work()
    assert one.states() == [RETIRED, PRIMARY]
    assert other.all_open(), "it has the key, and does not seal with it yet"
    late = _a_key(other)
    with other.store.write() as unit:
        unit.add(late)
    one.presence.report()
    one.work()
    assert one.states() == [RETIRED, PRIMARY], "the other node still seals with the old key"
    assert kid_of(_find(one, late.id).sealed_secret) == one.keys()[0].kid
    other.presence.report()
    one.work()
    assert one.states() == [KEPT, PRIMARY]
    assert other.all_open()


def test_no_writer_waits_for_the_keys_of_all_purposes(nodes: tuple[Node, Node]) -> None:
    one, _ = nodes
    one.stage()
    for each in nodes:
        each.presence.report()
    steps, before = one.steps(), one.store.revision().seq
    next(steps)
    assert all(states == [RETIRED, PRIMARY] for states in map(one.states, Purpose))
    assert one.store.revision().seq == before + len(Purpose)
    for _ in steps:
        pass


def test_without_a_node_it_waits_for_nobody(settings: Settings, clock: Clock) -> None:
    with joined(settings, clock) as one:
        fill(one)
        one.presence.leave()
        one.stage()
        for _ in range(3):
            one.work()
        assert not one.is_rotating()
        assert one.all_open()


def test_sessions_outlive_the_key_they_were_made_with_by_their_longest_life(
    nodes: tuple[Node, Node], clock: Clock
) -> None:
    one, other = nodes
    session = other.session()
    one.stage()
    rotate_to_the_end(one, other)
    clock.advance(CARRIED_FOR - timedelta(seconds=1))
    rotate_to_the_end(one, other)
    assert one.states(Purpose.SESSION_TOKENS) == [RETIRED, PRIMARY]
    with joined(one.installation.settings, clock) as third:
        assert third.knows(session)
    clock.advance(timedelta(seconds=1))
    rotate_to_the_end(one, other)
    assert one.states(Purpose.SESSION_TOKENS) == [KEPT, PRIMARY]
    with joined(one.installation.settings, clock) as third:
        assert not third.knows(session)


def test_a_key_whose_time_is_over_takes_no_later_one_with_it(nodes: tuple[Node, Node], clock: Clock) -> None:
    one, other = nodes
    one.stage()
    rotate_to_the_end(one, other)
    clock.advance(CARRIED_FOR / 2)
    session = other.session()
    one.stage()
    rotate_to_the_end(one, other)
    clock.advance(CARRIED_FOR / 2)
    rotate_to_the_end(one, other)
    assert one.states(Purpose.SESSION_TOKENS) == [KEPT, RETIRED, PRIMARY]
    with joined(one.installation.settings, clock) as third:
        assert third.knows(session)


def test_checkpoints_of_the_audit_log_are_verified_for_ever(nodes: tuple[Node, Node], clock: Clock) -> None:
    one, other = nodes
    before = own_public_keys(one.installation.keyring)
    one.stage()
    rotate_to_the_end(one, other)
    clock.advance(10 * CARRIED_FOR)
    rotate_to_the_end(one, other)
    assert one.states(Purpose.AUDIT_CHECKPOINTS) == [RETIRED, PRIMARY]
    now = public_key(signing_key(one.installation.keyring))
    assert set(own_public_keys(one.installation.keyring)) == {*before, now}
    assert now not in before


def test_a_rotation_that_goes_on_is_not_begun_again(nodes: tuple[Node, Node]) -> None:
    one, other = nodes
    assert len(one.stage()) == len(Purpose)
    assert one.stage() == ()
    rotate_to_the_end(one, other)
    assert [key.number for key in one.stage(Purpose.MFA_SEEDS)] == [3]


def test_a_node_of_a_release_that_does_not_rotate_is_not_left_behind(nodes: tuple[Node, Node]) -> None:
    one, _ = nodes
    one.store.nodes.join(Report(id="older", release="0.0.9", features=frozenset(), seq=0))
    with pytest.raises(NodesAreBehind, match=r"older \(0\.0\.9\) are of a release that rotates no keys"):
        one.stage()
    assert one.states() == [PRIMARY]


def test_nothing_is_stored_under_a_key_that_opens_nothing_any_more(nodes: tuple[Node, Node]) -> None:
    """A node that was cut off while the others rotated, and writes before it has learned of it."""
    one, other = nodes
    one.store.nodes.leave(other.presence.id)
    one.stage()
    rotate_to_the_end(one)
    late = _a_key(other)
    with pytest.raises(Unavailable, match="data keys have changed"), other.store.write() as unit:
        unit.add(late)
    other.presence.report()
    with other.store.write() as unit:
        unit.add(_a_key(other))
    assert one.all_open()


def test_a_node_that_was_away_for_two_rotations_loses_nothing(nodes: tuple[Node, Node]) -> None:
    one, other = nodes
    before = other.session()
    one.store.nodes.leave(other.presence.id)
    for _ in range(2):
        one.stage()
        rotate_to_the_end(one)
    assert one.states() == [KEPT, KEPT, PRIMARY]
    meanwhile = other.session()
    with pytest.raises(Unavailable, match="data keys have changed"), other.store.write() as unit:
        unit.add(_a_key(other))
    other.presence.report()
    with other.store.write() as unit:
        unit.add(_a_key(other))
    for each in nodes:
        assert each.all_open()
        assert each.knows(before)
        assert each.knows(meanwhile)


def test_what_the_others_sealed_while_a_node_was_cut_off_opens_as_soon_as_it_follows(
    nodes: tuple[Node, Node], settings: Settings
) -> None:
    """It does not wait for its next report, and for a master key that is another one by now neither."""
    one, other = nodes
    one.store.nodes.leave(other.presence.id)
    following = load_or_create(settings.next_master_key)
    one.presence.report()
    rewrap_data_keys(one.store, one.installation.masters, following, one.installation.clock())
    settings.next_master_key.replace(settings.master_key)
    one.stage()
    rotate_to_the_end(one)
    session = one.session()
    assert not other.knows(session)
    other.installation.directory.catch_up()
    assert other.all_open()
    assert other.knows(session)


class Interrupted:
    """A store to which something happens before its nth write."""

    def __init__(self, store: Store, turn: int, happens: Callable[[], None]) -> None:
        self._store = store
        self._left = turn
        self._happens = happens

    def __getattr__(self, name: str) -> Any:
        return getattr(self._store, name)

    def write(self) -> Any:
        self._left -= 1
        if self._left == 0:
            self._happens()
        return self._store.write()


def _rotates_until(happens: Callable[[], None], turn: int, one: Node, other: Node) -> None:
    one.stage(Purpose.SAML_PRIVATE_KEYS, Purpose.ACCESS_KEY_SECRETS)
    store: Any = Interrupted(one.store, turn, happens)
    for _ in range(4):
        for each in (one, other):
            each.presence.report()
        for _ in one.steps(store):
            pass


def test_who_lost_the_lease_changes_nothing_at_whichever_write(nodes: tuple[Node, Node], settings: Settings) -> None:
    one, other = nodes
    for turn in range(1, 100):
        came: list[tuple[Lease, Revision]] = []

        def taken_over(came: list[tuple[Lease, Revision]] = came) -> None:
            raw.execute(settings.store_url, "UPDATE leases SET expires = 0")
            lease = other.store.leases.take(RESEALING, other.presence.id)
            assert lease is not None
            came.append((lease, one.store.revision()))

        with suppress(LeaseLost):
            _rotates_until(taken_over, turn, one, other)
        if not came:
            break
        lease, revision = came[0]
        assert one.store.revision() == revision
        other.store.leases.release(lease)
        rotate_to_the_end(one, other)
    assert turn > 8, "a rotation has more writes than that"
    assert one.all_open()


def test_no_key_changes_once_a_node_that_knows_none_of_it_has_joined(nodes: tuple[Node, Node]) -> None:
    """Such as one of the release before, at whichever write of a rotation it comes."""
    one, other = nodes
    for turn in range(1, 100):
        came: list[list[WrappedKey]] = []

        def joins(came: list[list[WrappedKey]] = came) -> None:
            came.append(list(one.store.data_keys()))
            other.store.nodes.join(Report(id="older", release="0.0.9", features=frozenset(), seq=0))

        _rotates_until(joins, turn, one, other)
        if not came:
            break
        assert list(one.store.data_keys()) == came[0]
        one.store.nodes.leave("older")
        rotate_to_the_end(one, other)
    assert turn > 8, "a rotation has more writes than that"
    assert one.all_open()


def test_the_master_key_is_replaced_before_whichever_write(nodes: tuple[Node, Node], settings: Settings) -> None:
    one, other = nodes
    for turn in range(1, 100):
        came: list[int] = []
        following = load_or_create(settings.next_master_key)
        for each in nodes:
            each.presence.report()

        def rewraps(came: list[int] = came, following: MasterKey = following) -> None:
            came.append(
                rewrap_data_keys(other.store, other.installation.masters, following, other.installation.clock())
            )

        _rotates_until(rewraps, turn, one, other)
        if not came:
            break
        assert came == [len(one.store.data_keys())]
        settings.next_master_key.replace(settings.master_key)
        rotate_to_the_end(one, other)
        with joined(settings, Clock()) as third:
            assert third.all_open(), "the old master key is not needed for anything"
        assert one.all_open()
        assert other.all_open()
    assert turn > 8, "a rotation has more writes than that"


def test_a_backup_is_restored_before_whichever_write(settings: Settings, clock: Clock, tmp_path: Path) -> None:
    """Its keys are older than those of the job, which knows none of them as they are now."""
    backup = str(tmp_path / "backup.gz")
    with joined(settings, clock) as one:
        fill(one)
        before = one.sealed()
        _carnet(settings, "backup", backup)
    for turn in range(1, 100):
        came: list[Revision] = []
        with joined(settings, clock) as one:

            def restored(came: list[Revision] = came, one: Node = one) -> None:
                _carnet(settings, "restore", backup, "--replace")
                came.append(one.store.revision())

            with suppress(LeaseLost, KeyringError):
                _rotates_until(restored, turn, one, one)
            if not came:
                break
            assert one.store.revision() == came[0]
            reached = one.installation.keyring.reached
            one.installation.directory.catch_up()
            assert one.installation.keyring.reached == reached, "it goes back to none of the older keys"
        with joined(settings, clock) as fresh:
            assert fresh.sealed() == before
            assert fresh.all_open()
    assert turn > 8, "a rotation has more writes than that"


def test_a_key_that_changes_past_the_lease_loses_nothing(nodes: tuple[Node, Node], settings: Settings) -> None:
    """No process does so; that secrets are there does not hang on it alone."""
    one, other = nodes
    for turn in range(1, 100):
        came: list[str] = []

        def moves_on(came: list[str] = came) -> None:
            came.append(_moved_on(other, Purpose.ACCESS_KEY_SECRETS))

        _rotates_until(moves_on, turn, one, other)
        with joined(settings, Clock()) as third:
            assert third.all_open()
        rotate_to_the_end(one, other)
        if not came:
            break
        assert one.keys()[-1].kid == came[0]
    assert turn > 8, "a rotation has more writes than that"
    assert one.all_open()


def _moved_on(here: Node, purpose: Purpose) -> str:
    """The next key of the purpose, which is made if none is staged, seals from now on; gives its name."""
    now = here.installation.clock()
    with here.store.write() as unit:
        keys = stored_keys(unit)
        ring = {key.state: key for key in keys_of(keys, purpose)}
        master, _ = here.installation.masters.opening(keys)
        following = ring.get(STAGED) or staged_after(master, ring.values(), now=now)
        if STAGED not in ring:
            unit.add(following)
        unit.save(moved_to(master, ring[PRIMARY], RETIRED, now))
        unit.save(moved_to(master, following, PRIMARY, now))
    return following.kid


def _carnet(settings: Settings, *arguments: str) -> None:
    done = CliRunner().invoke(main, arguments, env={"CARNET_DATA_DIR": str(settings.data_dir)})
    assert done.exit_code == 0, done.output


class Killed(BaseException):
    """The process ends here."""


class Dying:
    """A store whose process is killed at its nth write: before the commit, or right after it."""

    def __init__(self, store: Store, turn: int, *, committed: bool) -> None:
        self._store = store
        self._left = turn
        self._committed = committed

    def __getattr__(self, name: str) -> Any:
        return getattr(self._store, name)

    @contextmanager
    def write(self) -> Iterator[UnitOfWork]:
        self._left -= 1
        with self._store.write() as unit:
            yield unit
            if self._left == 0 and not self._committed:
                raise Killed
        if self._left == 0:
            raise Killed


@pytest.mark.parametrize("committed", [False, True])
def test_a_kill_at_any_moment_loses_nothing_and_another_process_ends_it(
    nodes: tuple[Node, Node], settings: Settings, clock: Clock, committed: bool
) -> None:
    one, other = nodes
    kills = 0
    for turn in range(1, 100):
        one.stage(Purpose.SAML_PRIVATE_KEYS, Purpose.ACCESS_KEY_SECRETS)
        other.presence.report()
        session = other.session()
        with ExitStack() as stack:
            victim = stack.enter_context(joined(settings, clock))
            dying: Any = Dying(victim.store, turn, committed=committed)
            try:
                for _ in range(4):
                    for each in (victim, one, other):
                        each.presence.report()
                    for _ in victim.steps(dying):
                        assert other.all_open()
            except Killed:
                kills += 1
                assert other.all_open()
                assert other.knows(session)
        rotate_to_the_end(one, other)
        assert one.all_open()
        assert one.states()[:-1] == [KEPT] * (len(one.states()) - 1)
        if kills < turn:
            break
    assert kills > 8, "a rotation has more writes than that"


def _a_key(here: Node) -> AccessKey:
    """A new access key of a user, sealed by this node."""
    from carnet.identity.credentials import secret_context
    from tests.identity.sealed_samples import NOW, secret, user

    place = secret_context("AKIALATE", user(1).account, user(1).id)
    sealed = here.installation.keyring.seal(secret(place), context=place)
    return AccessKey(id="AKIALATE", account=user(1).account, owner=user(1).id, sealed_secret=sealed, created=NOW)


def _find(here: Node, key_id: str) -> AccessKey:
    return next(key for key in here.store.all_of(AccessKey) if key.id == key_id)
