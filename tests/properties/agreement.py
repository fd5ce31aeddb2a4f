"""Holds the compiled engine against the written rule, and counts what was asked."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from itertools import chain

from carnet.policy.compile import Engine
from carnet.policy.decide import decide
from carnet.policy.decision import Verdict
from carnet.policy.document import Policy
from tests.properties.worlds import World

LEAST_SHARE = 0.15
"""What each verdict must have of all, or the requests are not near enough to the policies."""


class Disagreement(AssertionError):
    """The two implementations decide a request differently."""


class Comparison:
    """Decides with one engine, whose memory grows with every world, and counts verdicts and layers."""

    def __init__(self, engine: Engine | None = None) -> None:
        self._engine = engine or Engine()
        self.mix: Counter[str] = Counter()

    @property
    def cases(self) -> int:
        return self.mix.total()

    def compare(self, world: World) -> None:
        """Raise Disagreement unless all requests of the world are decided alike, the first time and again."""
        for request in (*world.requests, world.requests[0]):
            written = decide(request, world.policies)
            compiled = self._engine.decide(request, world.policies)
            if compiled != written:
                raise Disagreement(f"{request}\n{_texts(world)}\nwritten:  {written}\ncompiled: {compiled}")
            self.mix[f"{written.verdict} by {written.layer or 'no layer'}"] += 1

    def share(self, verdict: Verdict) -> float:
        """How often the verdict was given, from 0 to 1."""
        return sum(count for name, count in self.mix.items() if name.startswith(f"{verdict} ")) / self.cases

    def report(self) -> str:
        """The mix for people."""
        shares = ", ".join(f"{verdict} {self.share(verdict):.0%}" for verdict in Verdict)
        lines = (f"{count:>9,}  {name}" for name, count in self.mix.most_common())
        return "\n".join((f"{self.cases:,} cases: {shares}", *lines))


def _texts(world: World) -> str:
    """The policies by kind, as text that can be parsed again."""
    policies = world.policies
    kinds: dict[str, Iterable[Policy | None]] = {
        "identity": policies.identity,
        "boundary": (policies.boundary,),
        "session": policies.session or (),
        **{f"{one.layer} {at} {one.account}": (one.policy,) for at, one in enumerate(policies.resource)},
        "endpoint": policies.endpoint,
        "scp": chain(*policies.scp),
        "rcp": chain(*policies.rcp),
    }
    return "\n".join(
        f"{kind}: {policy.text}" for kind, group in kinds.items() for policy in group if policy is not None
    )
