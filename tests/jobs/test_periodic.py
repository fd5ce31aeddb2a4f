"""A job goes on whatever happens to its work, and stops when told to, within a bound."""

from __future__ import annotations

import logging
from itertools import pairwise
from threading import Event
from time import monotonic, sleep

import pytest

from carnet.base.faults import Unavailable
from carnet.jobs import periodic
from carnet.jobs.periodic import Periodic, stop_all
from carnet.store.faults import Unreachable
from tests.waiting import PATIENCE_SECONDS, eventually


def test_work_is_done_at_once_and_then_after_pauses() -> None:
    times: list[float] = []
    job = Periodic("job", lambda: times.append(monotonic()), seconds=0.05)
    job.start()
    eventually(lambda: len(times) >= 4)
    job.stop()
    pauses = [after - before for before, after in pairwise(times)]
    assert all(pause >= 0.05 * (1 - periodic._JITTER) for pause in pauses)
    done = len(times)
    sleep(0.1)
    assert len(times) == done


def test_pauses_differ(monkeypatch: pytest.MonkeyPatch) -> None:
    waited: list[float] = []
    job = Periodic("job", lambda: None, seconds=10)
    monkeypatch.setattr(job._wake, "wait", waited.append)
    monkeypatch.setattr(job, "_work", lambda: job._tell_to_stop() if len(waited) == 50 else None)
    job.start()
    job.stop()
    assert all(8 <= pause <= 12 for pause in waited)


def test_work_may_name_its_next_time_and_can_be_woken() -> None:
    done: list[int] = []

    def work() -> float:
        done.append(1)
        return 3600.0

    job = Periodic("job", work, seconds=0.001)
    job.start()
    eventually(lambda: len(done) == 1)
    sleep(0.05)
    assert len(done) == 1
    job.wake()
    eventually(lambda: len(done) == 2)
    job.stop()
    assert len(done) == 2


@pytest.mark.parametrize(
    ("trouble", "level", "told"),
    [
        (Unavailable("Down."), "INFO", "job is put off: Down."),
        (Unreachable("Down.", reason="no route."), "INFO", "job is put off: Down. The driver says: no route."),
        (RuntimeError("a bug"), "ERROR", "job has failed, and will be tried again"),
        (OSError(28, "No room"), "ERROR", "job has failed, and will be tried again: [Errno 28] No room"),
    ],
)
def test_work_that_fails_is_logged_and_tried_again(
    trouble: Exception, level: str, told: str, caplog: pytest.LogCaptureFixture
) -> None:
    tries: list[int] = []

    def work() -> None:
        tries.append(1)
        if len(tries) < 3:
            raise trouble

    job = Periodic("job", work, seconds=0.001)
    with caplog.at_level(logging.INFO, logger="carnet.jobs"):
        job.start()
        eventually(lambda: len(tries) > 3)
        job.stop()
    assert [(record.levelname, record.getMessage()) for record in caplog.records] == [(level, told)] * 2


def test_the_last_work_is_done_at_the_end_and_may_fail() -> None:
    done: list[int] = []

    def fail() -> None:
        done.append(2)
        raise Unavailable("down")

    job = Periodic("job", lambda: done.append(1), seconds=3600, at_end=fail)
    job.start()
    eventually(lambda: len(done) == 1)
    job.stop()
    assert done == [1, 2]


def test_a_job_outlives_a_wait_and_a_line_for_which_there_is_no_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    """A process that lives on without its follower decides by what is not true any more."""
    monkeypatch.setattr(periodic, "_BREATHER_SECONDS", 0.001)
    short: list[str] = ["wait", "line"]
    done: list[int] = []

    def work() -> None:
        done.append(1)
        if len(done) == 3:
            raise RuntimeError

    job = Periodic("job", work, seconds=0.001)
    wait = job._wake.wait

    def hungry(seconds: float) -> bool:
        if short[:1] == ["wait"]:
            raise MemoryError(short.pop(0))
        return wait(seconds)

    def no_line(*_: object) -> None:
        raise MemoryError(short.pop())

    monkeypatch.setattr(job._wake, "wait", hungry)
    monkeypatch.setattr(periodic._LOG, "exception", no_line)
    job.start()
    eventually(lambda: len(done) > 5)
    job.stop()
    assert short == []


def test_a_job_that_was_not_started_stops() -> None:
    Periodic("job", lambda: None, seconds=1).stop()


def test_jobs_that_hang_do_not_keep_the_process_from_ending(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(periodic, "STOP_SECONDS", 1)
    hanging, ended = Event(), Event()

    def hang() -> None:
        hanging.wait(PATIENCE_SECONDS)

    jobs = [Periodic(f"job-{n}", hang, seconds=1) for n in range(3)]
    good = Periodic("good", ended.is_set, seconds=1)
    for job in (*jobs, good):
        job.start()
    stop_all((*jobs, good))
    assert all(job._thread.is_alive() for job in jobs), "they were waited for"
    assert [record.getMessage() for record in caplog.records] == [
        f"job-{n} has not ended in time and is left behind" for n in range(3)
    ]
    assert not good._thread.is_alive()
    hanging.set()
    for job in jobs:
        job._thread.join(PATIENCE_SECONDS)
