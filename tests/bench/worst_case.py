"""How long a decision can be made to take: shapes of policies and requests that are as bad as AWS's quotas allow.

Run it as `python -m tests.bench.worst_case [--tries N] [--seed N]`. Each shape is put to the engine beside a yardstick
in the same run: one `str.find` for each literal piece of each pattern, over the text that the pattern is held against.
No way to match can do with less. The known worst cases come first, then shapes made up at random, of which the worst
are printed. Nothing passes or fails.
"""

from __future__ import annotations

import argparse
import json
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from random import Random
from time import process_time
from typing import Any, NamedTuple

from carnet.policy.compile import Engine
from carnet.policy.document import Grammar, Policy, parse
from carnet.policy.policies import Policies
from carnet.policy.request import Context, Principal, PrincipalKind, Request, Value

ACCOUNT = "111122223333"
ALICE = Principal(kind=PrincipalKind.USER, arn=f"arn:aws:iam::{ACCOUNT}:user/alice", account=ACCOUNT, id="AIDAALICE")
POLICY = 6_144
"""Characters of a managed policy at most."""
POLICIES = 110
"""Of one user: ten of its own, and ten of each of ten groups."""
AGENT = "a" * 1_024
TAG_KEYS = tuple("a" * 100 + f"{number:028}" for number in range(50))
LONG_NAME = "arn:aws:s3:::b" + "a" * 1_000
_PIECES = re.compile(r"[^*?]+")
_ROUNDS = 5

Element = Mapping[str, Any]


class Shape(NamedTuple):
    """A question that is meant to be dear."""

    name: str
    statements: Sequence[Sequence[Element]]
    """Of each policy."""
    keys: Mapping[str, Value]
    resource: str = "arn:aws:s3:::bucket/key"


class Measured(NamedTuple):
    """Seconds of a processor."""

    first: float
    """With the policies compiled on the way."""
    decided: float
    yardstick: float

    @property
    def ratio(self) -> float:
        return self.decided / self.yardstick


def statement(effect: str = "Allow", **elements: Any) -> Element:
    """About every action of S3 on everything, save what `elements` says."""
    whole = {"Effect": effect, "Action": "s3:*", **elements}
    return whole if "NotResource" in whole else {"Resource": "*", **whole}


def known_shapes(policies: int = POLICIES) -> list[Shape]:
    """What was found to be bad, with as many policies at most."""
    agent: dict[str, Value] = {"aws:UserAgent": AGENT}
    referer: dict[str, Value] = {"aws:Referer": AGENT, "aws:UserAgent": "a"}
    tags: dict[str, Value] = {"aws:TagKeys": TAG_KEYS}
    several = "ForAnyValue:StringLike"
    return [
        _likes(
            "40 policies of one long chunk with ?",
            agent,
            lambda n: "*" + "a?" * 2_950 + f"b{n}*",
            policies=min(policies, 40),
        ),
        _likes("chunks with ? that fit", agent, lambda n: "*" + "a?" * 240 + "b*" + f"{n}*", policies=policies),
        _likes("chunks with ? whose texts are there", agent, _there, policies=policies),
        _likes("short chunks with ?", agent, lambda n: f"*a?{n}*", policies=policies),
        _likes("stars", agent, lambda n: "*a" * 480 + f"*b{n}*", policies=policies),
        _likes("few stars", agent, lambda n: f"*a*{n}*b*", policies=policies),
        _likes("tag keys", tags, lambda n: f"*x{n}*", several, min(policies, 20), 400),
        _likes("tag keys and ?", tags, lambda n: f"*a?x{n}*", several, min(policies, 20), 400),
        _likes("values with a variable", referer, lambda n: "*${aws:UserAgent}x" + f"{n}*", policies=min(policies, 14)),
        _resources("NotResource", "Deny", lambda n: f"arn:aws:s3:::b*x{n}*", min(policies, 14)),
        _resources("NotResource", "Allow", lambda n: f"arn:aws:s3:::b*x{n}*", min(policies, 14)),
        _resources("Resource", "Allow", lambda n: f"arn:aws:s3:::b*a?x{n}*", min(policies, 14)),
        _resources("Resource", "Deny", lambda n: f"arn:aws:s3:*:*:b*x{n}*", min(policies, 14)),
        _denies("DateLessThan", "aws:CurrentTime", "2026-01-01T00:00:00Z", str, min(policies, 30)),
        _denies("IpAddress", "aws:SourceIp", "192.0.2.1", _network, min(policies, 30)),
        _denies("NumericEquals", "aws:UserAgent", "9" * 300, str, min(policies, 30)),
    ]


def _there(number: int) -> str:
    """A chunk that does not stand in the text, each of its pieces does."""
    return "*" + "a?" * 240 + "aa?" * (number % 9) + "*a?b*a"


def _network(number: int) -> str:
    return f"10.{number // 250}.{number % 250}.0/24"


def _likes(
    name: str,
    keys: Mapping[str, Value],
    pattern: Callable[[int], str],
    operator: str = "StringLike",
    policies: int = POLICIES,
    most: int = POLICY,
) -> Shape:
    """Policies of one statement that holds the first key against as many patterns as fit."""
    key = next(iter(keys))
    groups = _filled(pattern, policies, most)
    return Shape(name, [[statement(Condition={operator: {key: group}})] for group in groups], keys)


def _resources(element: str, effect: str, pattern: Callable[[int], str], policies: int) -> Shape:
    groups = _filled(pattern, policies, POLICY)
    return Shape(
        f"{element} of {effect}: {pattern(1)}",
        [[statement(effect, **{element: group})] for group in groups],
        {},
        LONG_NAME,
    )


def _denies(operator: str, key: str, value: str, wanted: Callable[[int], str], policies: int) -> Shape:
    """Forty statements a policy, each with a condition of its own."""
    denies = [statement("Deny", Condition={operator: {key: wanted(number)}}) for number in range(40 * policies)]
    return Shape(f"Deny with {operator}", [denies[at : at + 40] for at in range(0, len(denies), 40)], {key: value})


def _filled(pattern: Callable[[int], str], policies: int, most: int) -> list[list[str]]:
    """As many patterns for each policy as it has room for, or as `most` says."""
    room = (POLICY - 200) // (len(pattern(99_999)) + 3)
    count = max(1, min(room, most))
    return [[pattern(policy * count + number) for number in range(count)] for policy in range(policies)]


def random_shape(random: Random) -> Shape:
    """A shape that nobody thought of."""
    letters = random.choice(["a", "ab", "abc"])
    text = _text(random, letters, random.choice([40, 128, 512, 1_024]))
    key, several = random.choice([("aws:UserAgent", False), ("aws:Referer", False), ("aws:TagKeys", True)])
    values = tuple(_text(random, letters, 128) for _ in range(50)) if several else text
    signs = letters * random.randint(1, 8) + "?" * random.randint(0, 4) + "*" * random.randint(0, 4)
    length = random.choice([4, 8, 30, 120, 500, 1_000])
    repeated = random.random() < 0.5

    def pattern(number: int) -> str:
        drawn = Random(f"{number}{signs}")
        if repeated:
            part = "".join(drawn.choices(signs, k=random.choice([2, 3, 5])))
            return "*" + part * (length // len(part)) + drawn.choice(letters + "x") + "*"
        return "*" + "".join(drawn.choices(signs, k=length)) + drawn.choice(letters + "x") + "*"

    policies = random.choice([5, 20])
    name = f"{length} of {signs!r}, {'repeated, ' if repeated else ''}{key}, {policies} policies"
    if random.random() < 0.3:
        written = _filled(lambda number: "arn:aws:s3:::b" + pattern(number), policies, POLICY)
        element = random.choice(["Resource", "NotResource"])
        return Shape(
            f"{element}: {name}",
            [[statement(random.choice(["Allow", "Deny"]), **{element: group})] for group in written],
            {},
            "arn:aws:s3:::b" + text,
        )
    operator = random.choice(["StringLike", "StringNotLike"])
    return _likes(name, {key: values}, pattern, f"ForAnyValue:{operator}" if several else operator, policies)


def _text(random: Random, letters: str, length: int) -> str:
    if random.random() < 0.5:
        return letters[0] * (length - 1) + letters[-1]
    return "".join(random.choices(letters, k=length))


def measured(shape: Shape) -> Measured:
    """Decide some times, the first time with nothing remembered, and look at the texts as often."""
    policies = policies_of(shape)
    engine = Engine()
    taken: list[float] = []
    for number in range(_ROUNDS + 1):
        request = request_of(shape, number)
        begun = process_time()
        engine.decide(request, policies)
        taken.append(process_time() - begun)
    looks = list(_looks(shape))
    return Measured(taken[0], min(taken[1:]), min(_looking(looks) for _ in range(_ROUNDS)))


def policies_of(shape: Shape) -> Policies:
    """The policies of a shape."""
    return Policies(identity=tuple(_parsed(shape)))


def request_of(shape: Shape, number: int) -> Request:
    """The request of a shape, each time another."""
    context = Context(request={**shape.keys, "aws:EpochTime": str(number)})
    return Request(principal=ALICE, action="s3:GetObject", resource=shape.resource, context=context)


def _parsed(shape: Shape) -> Iterable[Policy]:
    for number, statements in enumerate(shape.statements):
        text = json.dumps({"Version": "2012-10-17", "Statement": list(statements)})
        yield parse(text, Grammar.IDENTITY, source=f"policy {number}")


def _looks(shape: Shape) -> Iterable[tuple[str, str]]:
    """Each piece of each pattern, and each text that it is held against."""
    for element in (one for policy in shape.statements for one in policy):
        for pattern in (*_listed(element.get("Resource")), *_listed(element.get("NotResource"))):
            yield from _pieces(pattern, shape.resource)
        for keys in element.get("Condition", {}).values():
            for key, wanted in keys.items():
                actual = shape.keys[key]
                for text in (actual,) if isinstance(actual, str) else actual:
                    for pattern in _listed(wanted):
                        yield from _pieces(pattern, text)


def _listed(value: Any) -> list[str]:
    return value if isinstance(value, list) else [value] if value is not None and value != "*" else []


def _pieces(pattern: str, text: str) -> Iterable[tuple[str, str]]:
    """One that a pattern longer than the text cannot need is left out."""
    pieces = _PIECES.findall(pattern) if len(pattern.replace("*", "")) <= len(text) else []
    return [(piece, text) for piece in pieces or [pattern]]


def _looking(looks: Sequence[tuple[str, str]]) -> float:
    begun = process_time()
    for piece, text in looks:
        text.find(piece)
    return process_time() - begun


def show(shape: Shape, found: Measured) -> None:
    """Print one line."""
    first, decided = found.first * 1e3, found.decided * 1e3
    print(f"{shape.name[:60]:60} first {first:8.1f} ms, then {decided:7.2f} ms, {found.ratio:5.1f} x the yardstick")


def main() -> None:
    """Run everything and print it."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--tries", type=int, default=100, help="how many shapes to make up")
    parser.add_argument("--seed", type=int, default=1)
    given = parser.parse_args()
    worst = 0.0
    for shape in known_shapes():
        found = measured(shape)
        worst = max(worst, found.ratio)
        show(shape, found)
    random = Random(given.seed)
    made = [(shape, measured(shape)) for shape in (random_shape(random) for _ in range(given.tries))]
    print(f"\nthe worst of {given.tries} shapes made up at random, seed {given.seed}")
    for shape, found in sorted(made, key=lambda one: one[1].ratio, reverse=True)[:5]:
        show(shape, found)
        worst = max(worst, found.ratio)
    print(f"\nthe worst ratio: {worst:.1f}")


if __name__ == "__main__":
    main()
