"""The results of the policy simulators.

https://docs.aws.amazon.com/IAM/latest/APIReference/API_EvaluationResult.html

The values of SourcePolicyType and EvalDecisionDetails are those that AWS really sends, which its model does not list.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from carnet.policy.decision import Layer, Verdict
from carnet.policy.positions import Position, Positions
from carnet.policy.simulation import Determining, Simulated, most_restrictive
from carnet.services.iam.simulation_resources import explicit, told_resource

RESOURCE_POLICY = "ResourcePolicy"
"""SourcePolicyId of the policy of the resources."""
_TYPES = {
    Layer.IDENTITY: "IAM Policy",
    Layer.RESOURCE: "Resource Policy",
    Layer.TRUST: "Resource Policy",
    Layer.BOUNDARY: "Permissions Boundary Policy",
}


class EvaluationResults:
    """Makes the results of the actions of one simulation."""

    def __init__(self, resources: tuple[str, ...]) -> None:
        self._resources = resources
        self._positions: dict[str, Positions] = {}

    def result(self, action: str, asked: Sequence[Simulated]) -> dict[str, object]:
        """EvaluationResult of an action, from the answers for each of the resources in their order."""
        verdict = most_restrictive(one.verdict for one in asked)
        result: dict[str, object] = {
            "EvalActionName": action,
            "EvalResourceName": told_resource(action, self._resources),
            "EvalDecision": verdict.value,
            "MatchedStatements": self._statements(_determining_statements(asked, verdict)),
            "MissingContextValues": list(dict.fromkeys(key for one in asked for key in one.missing)),
            **_decision_detail(
                "OrganizationsDecisionDetail", "AllowedByOrganizations", [one.organization for one in asked]
            ),
            **_by_boundary([one.boundary for one in asked]),
        }
        if explicit(self._resources) and not any(one.organization is False for one in asked):
            result["EvalDecisionDetails"] = _details([one.by_layer for one in asked if one.by_layer is not None])
        if explicit(self._resources):
            result["ResourceSpecificResults"] = list(map(self._specific, self._resources, asked))
        return result

    def _specific(self, resource: str, asked: Simulated) -> dict[str, object]:
        result: dict[str, object] = {
            "EvalResourceName": resource,
            "EvalResourceDecision": asked.verdict.value,
            **_by_boundary([asked.boundary]),
        }
        if asked.statements:
            result["MatchedStatements"] = self._statements(asked.statements)
        if asked.missing:
            result["MissingContextValues"] = list(asked.missing)
        if asked.by_layer is not None:
            result["EvalDecisionDetails"] = _details([asked.by_layer])
        return result

    def _statements(self, statements: Iterable[Determining]) -> list[dict[str, object]]:
        return list(map(self._statement, statements))

    def _statement(self, determining: Determining) -> dict[str, object]:
        layer, policy, statement = determining
        positions = self._positions.get(policy.text)
        if positions is None:
            positions = self._positions[policy.text] = Positions(policy.text)
        shown: dict[str, object] = {
            "SourcePolicyId": _policy_id(policy.source),
            "SourcePolicyType": _TYPES[layer],
        }
        if (place := positions.of(statement)) is not None:
            shown["StartPosition"], shown["EndPosition"] = map(_position_members, place)
        return shown


def _policy_id(source: str) -> str:
    """The simulator's name for a policy: a managed policy's own name, and `user_alice_name` for one of user alice's."""
    return source.rpartition("/")[2] if source.startswith("arn:") else source.replace("/", "_")


def _position_members(place: Position) -> dict[str, int]:
    return {"Line": place.line, "Column": place.column}


def _determining_statements(asked: Iterable[Simulated], verdict: Verdict) -> list[Determining]:
    """The statements for all resources, each once; for an explicit deny, those that deny."""
    telling = [one for one in asked if verdict is not Verdict.EXPLICIT_DENY or one.verdict is verdict]
    return list({(each.layer, id(each.statement)): each for one in telling for each in one.statements}.values())


def _by_boundary(allowed: Sequence[bool | None]) -> dict[str, object]:
    return _decision_detail("PermissionsBoundaryDecisionDetail", "AllowedByPermissionsBoundary", allowed)


def _decision_detail(detail: str, member: str, allowed: Sequence[bool | None]) -> dict[str, object]:
    known = [one for one in allowed if one is not None]
    return {detail: {member: all(known)}} if known else {}


def _details(told: Sequence[Mapping[Layer, Verdict]]) -> dict[str, str]:
    """The most restrictive verdict of each policy type."""
    layers = dict.fromkeys(layer for one in told for layer in one)
    return {_TYPES[layer]: most_restrictive(one[layer] for one in told if layer in one).value for layer in layers}
