"""How much one account, and one network of strangers, may ask of a server in a second: the setting `limits`.

https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from msgspec import Struct, structs

from carnet.server.fairness.token_buckets import Rate

DEFAULT, AWS, OFF = "default", "aws", "off"
MOST = 1_000_000
"""The greatest figure that may be set."""
_FIGURE = re.compile(r"([0-9]{1,7})(?::([0-9]{1,7}))?", re.ASCII)


class Rates(Struct, frozen=True, kw_only=True):
    """The limits of a whole server, the workers of which share them. All but the last are in calls a second."""

    reads: Rate = Rate(200, 500)
    """Of an account: operations that change nothing, of all services but AWS STS."""
    writes: Rate = Rate(50, 500)
    """Of an account: operations that change something."""
    sts: Rate = Rate(600, 1200)
    """Of an account: operations of AWS STS."""
    failures: Rate = Rate(50, 50)
    """Of a network: requests whose caller is not proven."""
    connections: int = 1000
    """Of a network: connections on which no caller is proven yet."""

    def shared(self, workers: int) -> Rates:
        """What each of so many workers takes."""
        rates = {name: rate.shared(workers) for name, rate in structs.asdict(self).items() if isinstance(rate, Rate)}
        return Rates(**rates, connections=max(1, self.connections // workers))


SETS: Mapping[str, Rates | None] = {
    DEFAULT: Rates(),
    # What AWS does not publish is what its callers observe.
    AWS: Rates(reads=Rate(20, 100), writes=Rate(5, 50), sts=Rate(600, 600)),
    OFF: None,
}


def read_limits(text: str) -> Rates | None:
    """`default`, `aws` or `off` (None), and figures that change the first two: `aws,reads=400:1000,connections=5000`.

    A figure is a rate and the burst behind the colon, which is the rate if it is not given. Raises ValueError, whose
    text says what is wrong.
    """
    words = [word.strip() for word in text.split(",") if word.strip()]
    named = words.pop(0) if words and "=" not in words[0] else DEFAULT
    if named not in SETS:
        raise ValueError(f"{named!r} is none of {', '.join(SETS)}.")
    rates = SETS[named]
    if rates is None and words:
        raise ValueError(f"{OFF} takes no figures.")
    for word in words:
        name, _, figure = word.partition("=")
        rates = structs.replace(rates or Rates(), **{name: _read_rate(name, figure)})
    return rates


def _read_rate(name: str, figure: str) -> Rate | int:
    if name not in Rates.__struct_fields__:
        raise ValueError(f"{name!r} is no limit; the limits are: {', '.join(Rates.__struct_fields__)}.")
    found = _FIGURE.fullmatch(figure)
    numbers = [int(number) for number in found.groups() if number is not None] if found is not None else []
    of_rate = isinstance(getattr(Rates(), name), Rate)
    if not numbers or not all(1 <= number <= MOST for number in numbers) or len(numbers) > 1 + of_rate:
        usual = f"{name}=400:1000 (calls a second, and how many at once)" if of_rate else f"{name}=400"
        raise ValueError(f"The limit {name} needs a number from 1 to {MOST}, as in {usual}.")
    return Rate(numbers[0], numbers[-1]) if of_rate else numbers[0]
