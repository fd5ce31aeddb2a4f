"""What is wrong with a policy document, or probably wrong, each fault with its place.

Reading a policy tells whether it may be saved, in AWS's one sentence. The linter tells where it is wrong and what was
meant, and what is right to the grammar and cannot work: an action that no service has, an operator that does not fit
its key. What AWS has comes from whoever asks, as `Facts`.
"""

from carnet.policy.lint.actions import check_action
from carnet.policy.lint.conditions import check_key
from carnet.policy.lint.facts import Facts, KeyFacts
from carnet.policy.lint.finding import Finding, IssueCode
from carnet.policy.lint.lint import check_meaning, lint
from carnet.policy.lint.near import nearest
from carnet.policy.lint.structure import check_structure

__all__ = [
    "Facts",
    "Finding",
    "IssueCode",
    "KeyFacts",
    "check_action",
    "check_key",
    "check_meaning",
    "check_structure",
    "lint",
    "nearest",
]
