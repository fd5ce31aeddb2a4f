"""What a user could pick instead of the engine, put to the same scenarios: cedarpy, pycasbin, iam-simulate.

Each is used as its documentation says it is fastest: policies parsed once, casbin's FastEnforcer with actions expanded
and rules found by their action. Cedar knows no layers, so all statements are one set; casbin knows no conditions, so
they are left out; iam-simulate has all layers and runs in Node, of which the core alone is measured.
"""

from __future__ import annotations

import json
import subprocess
from collections.abc import Callable, Sequence
from importlib import import_module
from pathlib import Path
from random import Random
from shutil import which
from time import perf_counter_ns
from typing import Any, Protocol

from tests.bench.engine_scenarios import ACCOUNT, ALICE, Document, Question, Scenario, Statement

_SCRIPT = Path(__file__).with_name("iam_simulate.mjs")
_CASBIN_MODEL = """
[request_definition]
r = sub, obj, act
[policy_definition]
p = sub, obj, act, eft
[policy_effect]
e = some(where (p.eft == allow)) && !some(where (p.eft == deny))
[matchers]
m = r.act == p.act && r.sub == p.sub && keyMatch(r.obj, p.obj)
"""
_CASBIN_KEY_ORDER = [2, 0]
"""Rules are found by action and subject: the enforcer takes two keys, no fewer."""


class Contestant(Protocol):
    """One engine with the policies of one scenario."""

    def nanoseconds(self, questions: Sequence[Question]) -> list[int]:
        """What each decision took; requests are made anew, and outside of the time that is taken."""


class Timed:
    """A contestant in this process."""

    def __init__(self, fresh: Callable[[Question], Any], allows: Callable[[Any], bool]) -> None:
        self._fresh = fresh
        self._allows = allows

    def nanoseconds(self, questions: Sequence[Question]) -> list[int]:
        spent: list[int] = []
        for made in [self._fresh(question) for question in questions]:
            begun = perf_counter_ns()
            allowed = self._allows(made)
            spent.append(perf_counter_ns() - begun)
            assert allowed, made
        return spent


def cedar(scenario: Scenario) -> Contestant | None:
    """cedarpy with a PolicySet and Entities that are parsed once; None where it is not installed."""
    try:
        cedarpy: Any = import_module("cedarpy")
    except ModuleNotFoundError:
        return None
    policies = cedarpy.PolicySet.from_str("\n".join(map(_cedar_policy, scenario.statements)))
    entities = cedarpy.Entities.from_json_str("[]")

    def fresh(question: Question) -> dict[str, Any]:
        context = {_cedar_key(key): _cedar_value(key, value) for key, value in question.keys.items()}
        return {
            "principal": {"type": "User", "id": ALICE},
            "action": {"type": "Action", "id": question.action},
            "resource": {"type": "Resource", "id": "any"},
            "context": context | {"arn": question.resource, "action": question.action},
        }

    return Timed(fresh, lambda request: bool(cedarpy.is_authorized(request, policies, entities).allowed))


def casbin(scenario: Scenario) -> Contestant | None:
    """pycasbin's FastEnforcer; None where it is not installed."""
    try:
        models: Any = import_module("casbin.model")
        enforcers: Any = import_module("casbin.fast_enforcer")
    except ModuleNotFoundError:
        return None
    model = models.FastModel(_CASBIN_KEY_ORDER)
    model.load_model_from_text(_CASBIN_MODEL)
    enforcer = enforcers.FastEnforcer(model, cache_key_order=_CASBIN_KEY_ORDER)
    for statement in scenario.statements:
        for action in _expanded(statement, scenario):
            enforcer.add_policy(ALICE, statement["Resource"], action, statement["Effect"].lower())
    return Timed(
        lambda question: ("".join(ALICE), question.resource, question.action),
        lambda made: bool(enforcer.enforce(*made)),
    )


class IamSimulate:
    """The core of @cloud-copilot/iam-simulate in a Node process of its own."""

    def __init__(self, scenario: Scenario, folder: Path) -> None:
        self._process = subprocess.Popen(
            [which("node") or "node", str(_SCRIPT), str(folder.resolve())],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        layers = {
            "identity": [_document(statements) for statements in scenario.identity],
            "boundary": _document(scenario.boundary) if scenario.boundary else None,
            "resource": _document(scenario.resource) if scenario.resource else None,
            "scp": [_document(statements) for statements in scenario.scp],
        }
        self._ask(layers)

    def nanoseconds(self, questions: Sequence[Question]) -> list[int]:
        asked = [
            {"principal": ALICE, "account": ACCOUNT, "action": one.action, "resource": one.resource, "keys": one.keys}
            for one in questions
        ]
        return [int(spent) for spent in self._ask(asked)]

    def close(self) -> None:
        """End the process."""
        self._process.communicate()

    def _ask(self, sent: object) -> Any:
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(json.dumps(sent) + "\n")
        self._process.stdin.flush()
        return json.loads(self._process.stdout.readline())


def _document(statements: Document) -> dict[str, Any]:
    return {"Version": "2012-10-17", "Statement": list(statements)}


def _expanded(statement: Statement, scenario: Scenario) -> list[str]:
    """The statement's actions without wildcards: those that the scenario knows or asks for and that match."""
    known = {action for one in scenario.statements for action in _actions(one) if "*" not in action}
    known.add(scenario.ask(Random(1)).action)
    found = {action for text in _actions(statement) for action in known if _matches(text, action)}
    return sorted(found)


def _matches(text: str, action: str) -> bool:
    return action.startswith(text[:-1]) if text.endswith("*") else action == text


def _actions(statement: Statement) -> list[str]:
    actions = statement["Action"]
    return [actions] if isinstance(actions, str) else list(actions)


def _cedar_policy(statement: Statement) -> str:
    effect = "permit" if statement["Effect"] == "Allow" else "forbid"
    principal = statement.get("Principal", {}).get("AWS")
    head = f"principal == User::{json.dumps(principal)}" if principal else "principal"
    actions = [action for action in _actions(statement) if "*" not in action]
    scope = f"action in [{', '.join(f'Action::{json.dumps(action)}' for action in actions)}]" if actions else "action"
    tests = [*_cedar_action_tests(statement), *_cedar_resource_tests(statement), *_cedar_conditions(statement)]
    when = f" when {{ {' && '.join(tests)} }}" if tests else ""
    return f"{effect}({head}, {scope}, resource){when};"


def _cedar_action_tests(statement: Statement) -> list[str]:
    return [
        f"context.action like {json.dumps(text)}" for text in _actions(statement) if text.endswith("*") and text != "*"
    ]


def _cedar_resource_tests(statement: Statement) -> list[str]:
    resource = statement["Resource"]
    return [] if resource == "*" else [f"context.arn like {json.dumps(resource)}"]


def _cedar_conditions(statement: Statement) -> list[str]:
    tests: list[str] = []
    for operator, keys in statement.get("Condition", {}).items():
        for key, wanted in keys.items():
            name = _cedar_key(key)
            if operator == "IpAddress":
                ranges = " || ".join(f"context.{name}.isInRange(ip({json.dumps(cidr)}))" for cidr in wanted)
                tests.append(f"context has {name} && ({ranges})")
            else:
                tests.append(f"context has {name} && context.{name} == {json.dumps(wanted)}")
    return tests


def _cedar_key(key: str) -> str:
    return key.replace(":", "_").replace("/", "_")


def _cedar_value(key: str, value: str) -> Any:
    return {"__extn": {"fn": "ip", "arg": value}} if key == "aws:SourceIp" else value
