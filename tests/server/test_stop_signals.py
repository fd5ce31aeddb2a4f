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
    with ended_by_signals() as signals:
        assert not signals.have_come()
        garbage = _Garbage()
        del garbage
        assert signals.have_come()


def test_one_that_comes_while_what_it_asked_for_is_done_disturbs_nothing() -> None:
    unwound = False
    with ended_by_signals():
        try:
            signal.raise_signal(signal.SIGTERM)
        finally:
            signal.raise_signal(signal.SIGINT)
            unwound = True
    assert unwound


_SERVING = """
    import signal
    import socket
    from carnet.server.listening.listen import bind, listen
    from carnet.server.listening.stop_signals import ended_by_signals

    async def application(scope, receive, send):
        while (await receive())["type"] == "lifespan.startup":
            await send({"type": "lifespan.startup.complete"})
        await send({"type": "lifespan.shutdown.complete"})

    def serve(made, workers, asked_to_stop):
        with bind("127.0.0.1", 0) as listening:
            listen(made, listening, workers=workers, tls_cert=None, tls_key=None, asked_to_stop=asked_to_stop)
"""


@pytest.mark.parametrize("workers", [1, 2])
def test_a_server_that_was_asked_to_stop_before_it_serves_does_not_stay(workers: int) -> None:
    _ends(
        f"""
        serve("nobody:asks" if {workers} > 1 else lambda: application, {workers}, lambda: True)
        print("ended")
        """
    )


@pytest.mark.parametrize("sign", ["SIGINT", "SIGTERM"])
def test_one_that_comes_while_the_event_loop_is_set_up_ends_the_server_in_order(sign: str) -> None:
    """What is raised there leaves a loop that nobody can close any more."""
    _ends(
        f"""
        socketpair = socket.socketpair

        def signalled(*given):  # as uvloop makes the sockets by which it hears of signals
            signal.raise_signal(signal.{sign})
            return socketpair(*given)

        socket.socketpair = signalled
        with ended_by_signals() as signals:
            serve(lambda: application, 1, signals.only_noted())
            assert signals.have_come()
            print("ended")
        """
    )


def _ends(program: str) -> None:
    ended = subprocess.run(
        [sys.executable, "-c", dedent(_SERVING) + dedent(program)], capture_output=True, text=True, timeout=120
    )
    assert (ended.returncode, ended.stdout) == (0, "ended\n"), ended.stderr
