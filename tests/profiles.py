"""How many examples Hypothesis makes for a law, and which: `--hypothesis-profile` names one of these profiles."""

from __future__ import annotations

from hypothesis import HealthCheck, settings

EXAMPLES = 100
_SEARCHED = 20 * EXAMPLES


def register() -> None:
    """Make the profiles known, and use `gate`; `search` is what `make fuzz` uses."""
    # A busy machine is no fault of what is tested: how long an example takes is for benchmarks to say.
    untimed = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
    # The same examples each time: no change is refused for a fault that was there before it.
    settings.register_profile("gate", untimed, max_examples=EXAMPLES, derandomize=True)
    settings.register_profile("search", untimed, max_examples=_SEARCHED, derandomize=False, print_blob=True)
    settings.load_profile("gate")


def fewer(examples: int) -> int:
    """How many examples the profile in use makes of a law that is dear, of which the gate makes so many."""
    used = settings.default
    assert used is not None
    return examples * used.max_examples // EXAMPLES
