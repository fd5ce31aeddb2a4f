"""How much CPU the `carnet` command takes: `python -m tests.bench.commands`.

Each figure is the least of several rounds, in milliseconds of user and system time, beside that of a Python which only
imports click. The modules have been compiled before, as those of an installed package have.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path

from carnet.access.authorize import Check, Decided
from carnet.assembly.installation import first_account, open_installation
from carnet.assembly.settings import Settings
from carnet.audit.decisions import DecidedCall, DecisionLog
from carnet.audit.log_files import JsonLines
from carnet.policy.decide import decide
from carnet.policy.document import Grammar, parse
from carnet.policy.policies import Policies
from carnet.policy.request import Principal, PrincipalKind, Request

_CARNET = str(Path(sys.executable).parent / "carnet")
_NOBODY_LISTENS = "1"
DENIED = "a-denial"


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--rounds", type=int, default=10)
    rounds: int = arguments.parse_args().rounds
    with tempfile.TemporaryDirectory() as directory:
        data = Path(directory) / "data"
        with open_installation(Settings(data_dir=data), create=True) as installation:
            first_account(installation)
        log_a_denial(data)
        compiled = {"PYTHONDONTWRITEBYTECODE": "", "PYTHONPYCACHEPREFIX": str(Path(directory) / "compiled")}
        for title, command, variables in _commands(data):
            _seconds(command, {**compiled, **variables})
            print(f"{title:<28} {_milliseconds(command, {**compiled, **variables}, rounds):5.0f} ms")


def log_a_denial(data: Path) -> None:
    """Write the decision `DENIED` to the log of a data directory."""
    arn = "arn:aws:iam::111122223333:user/alice"
    alice = Principal(kind=PrincipalKind.USER, arn=arn, account="111122223333", id="AIDAEXAMPLE")
    statement = {"Effect": "Allow", "Action": "iam:*", "Resource": arn}
    document = json.dumps({"Version": "2012-10-17", "Statement": statement})
    policies = Policies(identity=(parse(document, Grammar.IDENTITY, source="user/alice/own"),))
    request = Request(principal=alice, action="iam:ListUsers", resource="*")
    check = Check(action=request.action, resource=request.resource, resource_account=alice.account)
    decided = Decided(check=check, request=request, policies=policies, decision=decide(request, policies))
    log = DecisionLog(JsonLines(data / "audit" / "decisions.jsonl"))
    log.write([DecidedCall(decision_id=DENIED, time=datetime.now(UTC), decided=(decided,))])
    log.close()


def _commands(data: Path) -> list[tuple[str, Sequence[str], Mapping[str, str]]]:
    here = ("--data-dir", str(data))
    completion = {"_CARNET_COMPLETE": "bash_complete", "COMP_WORDS": "carnet account l", "COMP_CWORD": "2"}
    return [
        ("python, import click", (sys.executable, "-c", "import click"), {}),
        ("carnet --help", (_CARNET, "--help"), {}),
        ("carnet status", (_CARNET, "status", "--port", _NOBODY_LISTENS), {}),
        ("carnet account", (_CARNET, "account"), {}),
        ("carnet account list", (_CARNET, "account", "list", *here), {}),
        ("carnet explain ID", (_CARNET, "explain", DENIED, *here), {}),
        ("carnet explain NO-SUCH-ID", (_CARNET, "explain", "some-id", *here), {}),
        ("carnet account l<TAB>", (_CARNET,), completion),
    ]


def _milliseconds(command: Sequence[str], variables: Mapping[str, str], rounds: int) -> float:
    return 1000 * min(_seconds(command, variables) for _ in range(rounds))


def _seconds(command: Sequence[str], variables: Mapping[str, str]) -> float:
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run(command, env={**os.environ, **variables}, capture_output=True, check=False)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


if __name__ == "__main__":
    main()
