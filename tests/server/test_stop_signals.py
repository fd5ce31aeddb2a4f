"""A signal that comes before a server serves is not lost, whatever Python was doing at that moment."""

from __future__ import annotations

import signal
import subprocess
import sys
from textwrap import dedent

import pytest

from carnet.server.listening.stop_signals import ended_by_signals


class _Garbage:
    def __del__(self) -> None:
        signal.raise_signal(signal.SIGTERM)


def test_a_signal_ends_the_block() -> None:
    before = signal.getsignal(signal.SIGTERM)
    went_on = False
    with ended_by_signals():
        signal.raise_signal(signal.SIGTERM)
        went_on = True
    assert not went_on
    assert signal.getsignal(signal.SIGTERM) is before


@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
def test_one_that_comes_while_garbage_is_collected_is_told() -> None:
    """Python drops what is raised there, and the block goes on."""
    with ended_by_signals() as asked_to_stop:
        assert not asked_to_stop()
        garbage = _Garbage()
        del garbage
        assert asked_to_stop()


@pytest.mark.parametrize("workers", [1, 2])
def test_a_server_that_was_asked_to_stop_before_it_serves_does_not_stay(workers: int) -> None:
    program = f"""
        from carnet.server.listening.listen import bind, listen

        async def application(scope, receive, send):
            while (await receive())["type"] == "lifespan.startup":
                await send({{"type": "lifespan.startup.complete"}})
            await send({{"type": "lifespan.shutdown.complete"}})

        made = "nobody:asks" if {workers} > 1 else lambda: application
        listening = bind("127.0.0.1", 0)
        listen(made, listening, workers={workers}, tls_cert=None, tls_key=None, asked_to_stop=lambda: True)
        print("ended")
    """
    ended = subprocess.run(
        [sys.executable, "-c", dedent(program)], capture_output=True, text=True, timeout=120, check=True
    )
    assert ended.stdout == "ended\n"
