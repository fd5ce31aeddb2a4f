"""The Condition element: which conditions a request meets.

https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_condition-logic-multiple-context-keys-or-values.html
"""

from __future__ import annotations

from dataclasses import dataclass

from carnet.policy.comparisons import Wanted, WantedBool
from carnet.policy.context_keys import lookup
from carnet.policy.operators import NULL, OperatorUse, Quantifier
from carnet.policy.request import Context, Value
from carnet.policy.variables import Lookup


@dataclass(frozen=True, slots=True, kw_only=True)
class Condition:
    """One operator on one key: `"StringLike": {"s3:prefix": ["home/*"]}`. Several of them are joined by AND."""

    use: OperatorUse
    key: str
    values: tuple[Wanted, ...]
    """Joined by OR; under a negated operator by NOR."""

    def met(self, context: Context, *, granting: bool) -> bool:
        """Whether the request meets the condition; `granting` for a condition of an Allow.

        A variable that cannot be resolved matches nothing. Under a negated operator that alone would meet the
        condition, and an Allow would grant because something is not known: there the condition is not met.
        https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_variables.html
        """
        actual = lookup(context, self.key)
        if self.use.operator.name == NULL:
            return self._missing() if self._is_null_set(actual) else self._is_null(actual)
        if actual is None and self.use.if_exists:
            return True

        def look(key: str) -> Value | None:
            return lookup(context, key)

        if granting and self.use.operator.negated and any(wanted.matches("", look) is None for wanted in self.values):
            return False
        return self._missing() if actual is None or self._is_null_set(actual) else self._compare(actual, look)

    def _is_null(self, actual: Value | None) -> bool:
        # https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_condition_operators.html#Conditions_Null
        return any(isinstance(wanted, WantedBool) and wanted.value is (actual is None) for wanted in self.values)

    def _is_null_set(self, actual: Value | None) -> bool:
        """Whether a set operator has nothing to go through: no values, or a null data set such as an empty string.

        https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_condition-single-vs-multi-valued-context-keys.html
        """
        return self.use.quantifier is not None and not any(actual or ())

    def _missing(self) -> bool:
        """What holds for a key that the request does not have: negated operators and ForAllValues are met by it."""
        if self.use.quantifier is not None:
            return self.use.quantifier is Quantifier.ALL
        return self.use.operator.negated

    def _compare(self, actual: Value, look: Lookup) -> bool:
        """Without a set operator several actual values count like alternatives: one must match, or none may."""
        negated = self.use.operator.negated
        verdicts = (self._one(value, look) != negated for value in ((actual,) if isinstance(actual, str) else actual))
        if self.use.quantifier is None:
            return all(verdicts) if negated else any(verdicts)
        return all(verdicts) if self.use.quantifier is Quantifier.ALL else any(verdicts)

    def _one(self, value: str, look: Lookup) -> bool:
        return any(wanted.matches(value, look) is True for wanted in self.values)
