"""Policies that take long to read and compile, and who has read and compiled how much."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable
from itertools import count
from threading import current_thread
from typing import Any

import pytest

from carnet.access import documents
from carnet.policy import compile as engine
from carnet.policy.at_once import AT_ONCE
from carnet.policy.document import Policy, understand
from carnet.policy.engine.policy import CompiledPolicy

APART = "policies"
"""How the name of the thread begins that nobody waits for."""
_NUMBERS = count()


def long_document(allowed: str = "*") -> str:
    """A new one of nearly full size, which denies what nobody asks for and allows these actions."""
    number = next(_NUMBERS)
    resources = [f"arn:aws:s3:::*{number}*{at}*" for at in range(230)]
    statements = [
        {"Effect": "Deny", "Action": "*", "Resource": resources},
        {"Effect": "Allow", "Action": allowed, "Resource": "*"},
    ]
    document = json.dumps({"Version": "2012-10-17", "Statement": statements}, separators=(",", ":"))
    assert 5_000 < len(document) <= 6_144
    return document


def put_under_long_policies(iam: Any, user: str) -> None:
    """Let a user, with boto3, have two that nobody has read yet."""
    for _ in range(2):
        name = f"long-{next(_NUMBERS)}"
        arn = iam.create_policy(PolicyName=name, PolicyDocument=long_document())["Policy"]["Arn"]
        iam.attach_user_policy(UserName=user, PolicyArn=arn)


def watch_reading(patch: pytest.MonkeyPatch, look: Callable[[str], None] = lambda thread: None) -> Counter[str]:
    """Characters that are read and compiled from now on, by the name of the thread, which `look` is told before."""
    counted = Counter[str]()

    def begin(text: str) -> None:
        look(current_thread().name)
        counted[current_thread().name] += len(text)

    def reading(text: str, *given: Any, **named: Any) -> Policy:
        begin(text)
        return understand(text, *given, **named)

    class Compiling(CompiledPolicy):
        def __init__(self, policy: Policy, *given: Any) -> None:
            begin(policy.text)
            super().__init__(policy, *given)

    patch.setattr(documents, "understand", reading)
    patch.setattr(engine, "CompiledPolicy", Compiling)
    return counted


def assert_nobody_waited(read: Counter[str]) -> None:
    """Something took long, and neither the event loop nor the writer has done more of it than may be at once."""
    apart = sum(characters for thread, characters in read.items() if thread.startswith(APART))
    assert apart > 0, read
    assert all(characters <= AT_ONCE for thread, characters in read.items() if not thread.startswith(APART)), read
