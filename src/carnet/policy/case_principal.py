"""Who asks in a case, and the condition keys that follow from who it is.

https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_condition-keys.html#condition-keys-principal-properties
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from msgspec.structs import replace

from carnet.base.arns import ACCOUNT_ID, Arn, iam_arn, parse_arn
from carnet.policy.case_members import Members, Misread
from carnet.policy.policies import Policies
from carnet.policy.principals import PrincipalType
from carnet.policy.request import ANONYMOUS_ID, PRINCIPAL_TYPES, Principal, PrincipalKind, Value

ANONYMOUS = "*"
_SERVICE = re.compile(r"[a-z0-9.-]+\.amazonaws\.com(\.cn)?", re.ASCII)
_MEMBERS = ("kind", "arn", "account", "id", "roleArn", "roleId", "userArn", "userId", "provider", "serviceLinked")


def read_principal(value: object, path: str) -> Principal:
    """A principal from its text, or from an object that says what its ARN does not.

    Text: the ARN of a user, the root user, a role (a session of it, of no particular name), a role session or a
    federated user; `name.amazonaws.com`; `*` for an anonymous caller. Object: `kind`, `arn`, `account`, `id`,
    `roleArn`, `roleId`, `userArn`, `userId`, `provider`, `serviceLinked`, each optional beside an `arn`.

    Raises ValueError.
    """
    if isinstance(value, str):
        return _from_text(value, path)
    members = Members.of(value, path, known=_MEMBERS)
    arn = members.text("arn", "")
    base = _from_text(arn, members.at("arn")) if arn else _from_kind(members)
    return replace(
        base,
        kind=members.word("kind", PrincipalKind) or base.kind,
        account=members.account("account", base.account),
        id=members.text("id", base.id),
        role_arn=members.text("roleArn", base.role_arn),
        role_id=members.text("roleId", base.role_id),
        user_arn=members.text("userArn", base.user_arn),
        user_id=members.text("userId", base.user_id),
        provider=members.text("provider", base.provider),
        service_linked=members.flag("serviceLinked"),
    )


def with_role_path(value: object, path: str, policies: Policies) -> object:
    """A principal as given and, if it is a session by its ARN alone, with the ARN of its role as the policies write it.

    The ARN of a session does not hold its role's path, and an account has one role of a name: a policy that names a
    role of this name, under whatever path, means the session's. Raises ValueError for policies that name several.
    """
    arn = parse_arn(_session_text(value))
    if arn is None or (arn.service, arn.resource.partition("/")[0]) != ("sts", "assumed-role"):
        return value
    name = arn.resource.split("/")[1]
    found = sorted({text for text in _texts(policies) if _is_role(parse_arn(text), arn, name)})
    if len(found) > 1:
        raise Misread.at(path, f"is a session of one of several roles; roleArn must say which: {', '.join(found)}")
    known = value if isinstance(value, Mapping) else {"arn": value}
    return {**known, "roleArn": found[0]} if found else value


def _session_text(value: object) -> str:
    """The ARN of a principal whose role is not given; empty for others."""
    if isinstance(value, Mapping):
        value = "" if "roleArn" in value else value.get("arn", "")
    return value if isinstance(value, str) else ""


def _is_role(arn: Arn | None, session: Arn, name: str) -> bool:
    """Whether an ARN is that of a role of that name in the session's account."""
    if arn is None or (arn.partition, arn.service, arn.account) != (session.partition, "iam", session.account):
        return False
    return arn.resource.startswith("role/") and arn.resource.rpartition("/")[2] == name


def _texts(policies: Policies) -> Iterator[str]:
    """What the policies name as principals or want of condition keys."""
    for policy in policies.every():
        yield from policy.principals(PrincipalType.AWS)
        for statement in policy.statements:
            for condition in statement.conditions:
                yield from (wanted.text for wanted in condition.values)


def _from_kind(members: Members) -> Principal:
    kind = members.word("kind", PrincipalKind)
    if kind is None:
        raise Misread.at(members.path, "needs an arn or a kind")
    return Principal(kind=kind)


def _from_text(text: str, path: str) -> Principal:
    if text == ANONYMOUS:
        return Principal(kind=PrincipalKind.ANONYMOUS)
    if _SERVICE.fullmatch(text):
        return Principal(kind=PrincipalKind.SERVICE, provider=text)
    arn = parse_arn(text)
    principal = _from_arn(arn, text) if arn is not None and ACCOUNT_ID.fullmatch(arn.account) else None
    if principal is None:
        raise Misread.at(
            path,
            f"must be the ARN of a user, root user, role, role session or federated user, "
            f"a service such as lambda.amazonaws.com, or *; it is {text!r}",
        )
    return principal


def _from_arn(arn: Arn, text: str) -> Principal | None:
    kind, _, name = arn.resource.partition("/")
    match arn.service, kind:
        case "iam", "root" if not name:
            return Principal(kind=PrincipalKind.ROOT, arn=text, account=arn.account, id=arn.account)
        case "iam", "user" if name:
            return Principal(kind=PrincipalKind.USER, arn=text, account=arn.account)
        case "iam", "role" if name:
            return _role_session(arn, role_arn=text, role_name=name.rpartition("/")[2], session=None)
        case "sts", "assumed-role" if name.count("/") == 1:
            role_name, _, session = name.partition("/")
            role_arn = iam_arn(arn.partition, arn.account, f"role/{role_name}")
            return _role_session(arn, role_arn=role_arn, role_name=role_name, session=session)
        case "sts", "federated-user" if name:
            return Principal(
                kind=PrincipalKind.FEDERATED_USER, arn=text, account=arn.account, id=f"{arn.account}:{name}"
            )
    return None


def _role_session(arn: Arn, *, role_arn: str, role_name: str, session: str | None) -> Principal:
    """A session of a role; one without a name has an ARN that no Principal element can hold."""
    resource = f"assumed-role/{role_name}" if session is None else f"assumed-role/{role_name}/{session}"
    return Principal(
        kind=PrincipalKind.ROLE_SESSION,
        arn=str(replace(arn, service="sts", resource=resource)),
        account=arn.account,
        role_arn=role_arn,
    )


def derived_keys(principal: Principal) -> dict[str, Value]:
    """The condition keys that the principal alone determines; a key whose value the case does not tell is absent."""
    if principal.kind is PrincipalKind.SERVICE:
        return {"aws:PrincipalIsAWSService": "true", "aws:PrincipalServiceName": principal.provider}
    known = {
        "aws:PrincipalArn": principal.role_arn or principal.arn,
        "aws:PrincipalAccount": principal.account,
        "aws:PrincipalType": PRINCIPAL_TYPES.get(principal.kind, ""),
        "aws:PrincipalIsAWSService": "false" if principal.account else "",
        "aws:userid": ANONYMOUS_ID if principal.kind is PrincipalKind.ANONYMOUS else principal.id,
        "aws:username": principal.arn.rpartition("/")[2] if principal.kind is PrincipalKind.USER else "",
        "aws:FederatedProvider": principal.provider,
    }
    return {key: value for key, value in known.items() if value}
