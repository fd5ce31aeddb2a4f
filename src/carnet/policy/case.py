"""A case for the engine as plain data: a request, the policies that apply, and what is expected of them.

The shape of one case, as it stands in a JSON or YAML file (`case` reads what a loader has made of it):

    {"name": "...", "doc": "https://...",
     "request": {"principal": ARN or object, "action": "s3:GetObject", "resource": ARN or "*",
                 "resourceAccount": "111122223333", "context": {key: value or [values] or null}},
     "policies": {"identity": [document], "boundary": document, "session": [document],
                  "resource": document or [document or {"policy": document, "layer": "role trust policy",
                                                        "account": "111122223333"}],
                  "endpoint": [document], "scp": [[document of the root], [... of an OU], [... of the account]],
                  "rcp": [[document]]},
     "expect": "allowed" or "explicitDeny" or "implicitDeny", "layer": "permissions boundary"}

`principal`, `action` and `resource` must be there; the rest may be absent. A document is an object, or a string that
holds JSON, whose lines and columns are then told. A number may be a `JsonNumber`, which keeps its text.
`layer` and `account` of a policy of the resource may be absent: it is then the trust policy of a role that is assumed,
or else a resource-based policy, and lies in the resource's account. `resourceAccount` may be absent if the ARN tells
it, or a policy of the resource does.
Every level of `rcp` has RCPFullAWSAccess, given or not. The keys that the principal determines (aws:PrincipalArn,
aws:username ...) need not be given; one given stands in place of the derived one, and null takes it away.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from msgspec import Struct

from carnet.base.arns import ACCOUNT_ID, Arn, parse_arn
from carnet.policy.case_documents import Documents
from carnet.policy.case_members import Members, Misread, as_list
from carnet.policy.case_principal import derived_keys, read_principal, with_role_path
from carnet.policy.context_keys import RESOURCE_ACCOUNT, in_namespaces
from carnet.policy.decision import Layer, Verdict
from carnet.policy.document import Grammar
from carnet.policy.json_text import JsonNumber
from carnet.policy.patterns import ascii_lower
from carnet.policy.policies import Policies
from carnet.policy.request import Context, Request, Value
from carnet.policy.resources import EVERYTHING

_CASE = ("name", "doc", "request", "policies", "expect", "layer")
_REQUEST = ("principal", "action", "resource", "resourceAccount", "context")
_ACTION = re.compile(r"[^\s:*?]+:[^\s:*?]+")
_POLICIES = ("identity", "boundary", "session", "resource", "endpoint", "scp", "rcp")


class Case(Struct, frozen=True, kw_only=True):
    """One question to the engine and, if the author gave them, the answers expected."""

    name: str
    doc: str
    """The page that the expectation rests on."""
    request: Request
    policies: Policies
    verdict: Verdict | None
    layer: Layer | None


def listed(data: object) -> Sequence[object]:
    """The cases of a list, which holds one at least; raises Misread."""
    cases = as_list(data, "the file")
    if not cases:
        raise Misread.at("the file", "holds no case")
    return cases


def read_case(data: object, path: str = "case") -> Case:
    """One case; raises ValueError that names the member at fault."""
    members = Members.of(data, path, known=_CASE)
    request = _request(members)
    policies = _policies(
        Members.of(members.values.get("policies", {}), members.at("policies"), known=_POLICIES), request
    )
    return Case(
        name=members.text("name", ""),
        doc=members.text("doc", ""),
        request=with_named_role(members, request, policies),
        policies=policies,
        verdict=members.word("expect", Verdict),
        layer=members.word("layer", Layer),
    )


def with_named_role(members: Members, request: Request, policies: Policies) -> Request:
    """The request of a case whose policies are known, which may tell the path of the role of a session.

    `members` are those of the case. Raises ValueError.
    """
    given = _request_members(members)
    principal = with_role_path(given.values["principal"], given.at("principal"), policies)
    return request if principal is given.values["principal"] else _read_request(given, principal)


def _request_members(members: Members) -> Members:
    return Members.of(members.required("request"), members.at("request"), known=_REQUEST)


def _request(members: Members) -> Request:
    given = _request_members(members)
    return _read_request(given, given.required("principal"))


def _read_request(members: Members, asking: object) -> Request:
    principal = read_principal(asking, members.at("principal"))
    resource = _resource(members)
    owner = members.account("resourceAccount", "") or _account_in(resource)
    derived = derived_keys(principal) | ({RESOURCE_ACCOUNT: owner} if owner else {})
    return Request(
        principal=principal,
        action=_action(members),
        resource=resource,
        resource_account=owner,
        context=_context(members.values.get("context", {}), members.at("context"), derived),
    )


def _action(members: Members) -> str:
    """One action, so that no question is answered that nobody can ask."""
    action = members.text("action")
    if not _ACTION.fullmatch(action):
        raise Misread.at(members.at("action"), f"must be one action, such as s3:GetObject; it is {action!r}")
    return action


def _resource(members: Members) -> str:
    resource = members.text("resource")
    if resource != EVERYTHING and parse_arn(resource) is None:
        raise Misread.at(
            members.at("resource"), f"must be an ARN, or * for an action that has no resource; it is {resource!r}"
        )
    return resource


def _account_in(resource: str) -> str:
    """The account that an ARN says the resource is in; empty if it says none, as those of S3 do."""
    arn = parse_arn(resource)
    return arn.account if arn is not None and ACCOUNT_ID.fullmatch(arn.account) else ""


def _context(given: object, path: str, derived: Mapping[str, Value]) -> Context:
    if not isinstance(given, Mapping):
        raise Misread.at(path, "must be an object")
    spelled: dict[str, str] = {}
    for key in given:
        if not isinstance(key, str) or spelled.setdefault(ascii_lower(key), key) != key:
            raise Misread.at(path, f"must name each condition key once, in any case; see {key!r}")
    keys = {key: value for key, value in derived.items() if ascii_lower(key) not in spelled}
    keys |= {key: _value(value, f"{path}.{key}") for key, value in given.items() if value is not None}
    return in_namespaces(keys)


def _value(value: object, path: str) -> Value:
    if isinstance(value, list | tuple):
        return tuple(_scalar(each, f"{path}[{number}]") for number, each in enumerate(value))
    return _scalar(value, path)


def _scalar(value: object, path: str) -> str:
    """The text of one value. A fraction must come as written, since a float may be rounded."""
    if isinstance(value, JsonNumber):
        return value.text
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int):
        return str(value)
    if not isinstance(value, str):
        raise Misread.at(path, "must be text, a whole number, true or false, or a list of them")
    return value


def _policies(members: Members, request: Request) -> Policies:
    documents = Documents(members)
    return Policies(
        identity=documents.list("identity", Grammar.IDENTITY),
        boundary=documents.one("boundary", Grammar.IDENTITY),
        session=documents.list("session", Grammar.SESSION) if members.get("session") is not None else None,
        resource=documents.of_resource("resource", Layer.TRUST if _is_role_assumption(request) else Layer.RESOURCE),
        endpoint=documents.list("endpoint", Grammar.ENDPOINT),
        scp=documents.levels("scp", Grammar.SCP),
        rcp=documents.levels("rcp", Grammar.RCP),
    )


def _is_role_assumption(request: Request) -> bool:
    """Whether the resource policy is a role trust policy: the resource is a role and the action one of STS's."""
    arn = parse_arn(request.resource)
    return arn is not None and _is_role(arn) and ascii_lower(request.action).startswith("sts:")


def _is_role(arn: Arn) -> bool:
    return arn.service == "iam" and arn.resource.startswith("role/")
