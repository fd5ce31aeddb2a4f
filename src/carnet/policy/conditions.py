"""The Condition element: which conditions a request meets.

https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_condition-logic-multiple-context-keys-or-values.html
"""

from __future__ import annotations

from functools import partial

from msgspec import Struct

from carnet.policy.comparisons import Wanted, WantedBool
from carnet.policy.context_keys import is_multivalued, lookup
from carnet.policy.operators import NULL, OperatorUse, Quantifier
from carnet.policy.request import Context, Value
from carnet.policy.variables import Lookup


class Condition(Struct, frozen=True, kw_only=True):
    """One operator on one key: `"StringLike": {"s3:prefix": ["home/*"]}`. Several of them are joined by AND."""

    use: OperatorUse
    key: str
    values: tuple[Wanted, ...]
    """Joined by OR; under a negated operator by NOR."""

    @property
    def parts(self) -> int:
        """How many objects it is made of."""
        return 1 + len(self.values)

    def met(self, context: Context) -> bool:
        """Whether the request meets the condition.

        A variable that cannot be resolved matches nothing, so that a negated operator is met by it.
        https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_variables.html#policy-vars-no-value
        """
        actual = lookup(context, self.key)
        if self.use.operator.name == NULL:
            nothing = actual is None and self.use.quantifier is not None
            return self._holds_without_key() if nothing else self._is_null(actual)
        if actual is None:
            return self._holds_without_key()
        return not self.lacks_set_operator(actual) and self._compare(actual, partial(lookup, context))

    def lacks_set_operator(self, actual: Value | None) -> bool:
        """Whether the key is multivalued and the operator has no set operator: then nothing meets it, negated or not.

        Recorded from AWS. A key that AWS does not document is multivalued if the request has a list of values.
        """
        if actual is None or self.use.quantifier is not None or self.use.operator.name == NULL:
            return False
        return not isinstance(actual, str) or is_multivalued(self.key)

    def _is_null(self, actual: Value | None) -> bool:
        # https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_condition_operators.html#Conditions_Null
        return any(isinstance(wanted, WantedBool) and wanted.value is (actual is None) for wanted in self.values)

    def _holds_without_key(self) -> bool:
        """What holds for a key that the request does not have; IfExists changes nothing under a set operator.

        Recorded from AWS: ForAnyValue:...IfExists is not met.
        """
        if self.use.quantifier is not None:
            return self.use.quantifier is Quantifier.ALL
        return self.use.operator.negated or self.use.if_exists

    def _compare(self, actual: Value, look: Lookup) -> bool:
        values = (actual,) if isinstance(actual, str) else actual
        verdicts = (self._met_by(value, look) for value in values)
        return all(verdicts) if self.use.quantifier is Quantifier.ALL else any(verdicts)

    def _met_by(self, value: str, look: Lookup) -> bool:
        operator = self.use.operator
        if operator.negated and not operator.readable(value):
            return False
        return any(wanted.matches(value, look) is True for wanted in self.values) is not operator.negated
