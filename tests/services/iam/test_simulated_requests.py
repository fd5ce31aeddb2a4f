"""What a simulation says is what a request gets: each is asked for."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.services.iam.documents import allow, deny
from tests.services.iam.expect import refused
from tests.services.organizations.estate import an_estate
from tests.services.world import Caller, World


@pytest.mark.parametrize("kind", ["User", "Group", "Role", "InstanceProfile", "ServerCertificate"])
def test_a_list_is_decided_on_its_path_as_a_request_is(world: World, kind: str) -> None:
    beginning = {"InstanceProfile": "instance-profile", "ServerCertificate": "server-certificate"}.get(
        kind, kind.lower()
    )
    operation = f"List{kind}s"
    above, listers = f"arn:aws:iam::{world.account_id}:{beginning}/", list[Caller]()
    for resource, allowed, below in (
        (f"{above}*", True, True),
        (above, True, False),
        (f"{above}team/", False, True),
        (f"{above}other/*", False, False),
    ):
        lister = world.user(f"lister-{len(listers)}", [allow(f"iam:{operation}", resource=resource)])
        listers.append(lister)
        name = world.principal(lister).principal.arn
        for path, wanted in (("/", allowed), ("/team/", below)):
            if wanted:
                world.call(lister, operation, PathPrefix=path)
            else:
                assert refused(world, lister, operation, PathPrefix=path)[0] == "AccessDenied"
        for about, wanted in (
            ((), allowed),
            ((above,), allowed),
            ((f"{above}team/",), below),
            (("arn:aws:s3:::bucket",), allowed),
        ):
            given: dict[str, Any] = {"ResourceArns": list(about), "ActionNames": [f"iam:{operation.lower()}"]}
            answer = world.call(world.root, "SimulatePrincipalPolicy", PolicySourceArn=name, **given)
            (told,) = answer["EvaluationResults"]
            assert told["EvalDecision"] == ("allowed" if wanted else "implicitDeny"), (resource, about)


def test_the_organization_of_an_entity_is_known(world: World) -> None:
    """As its tags are: conditions on the organization decide as they do for a request, in SCPs, too."""
    estate = an_estate(world)
    member = estate.member()
    account, organization = estate.account_of(member), estate.organization
    keys = ("PrincipalOrgID", "ResourceOrgID")
    own = {"StringEquals": {f"aws:{key}": organization for key in keys}}
    paths = {f"aws:{kind}OrgPaths": f"{organization}/*" for kind in ("Principal", "Resource")}
    inside = {**own, "ForAllValues:StringLike": paths, "Null": dict.fromkeys(paths, "false")}
    alice = world.user("alice", [allow("iam:ListUsers", condition=inside)], root=member)
    assert world.call(alice, "ListUsers")["Users"]
    source: dict[str, Any] = {"PolicySourceArn": f"arn:aws:iam::{account}:user/alice", "ActionNames": ["iam:ListUsers"]}

    def simulated(**given: Any) -> str:
        (told,) = world.call(member, "SimulatePrincipalPolicy", **source, **given)["EvaluationResults"]
        return str(told["EvalDecision"])

    assert simulated() == "allowed"
    other = {"ContextKeyName": "aws:ResourceOrgID", "ContextKeyType": "string", "ContextKeyValues": ["o-other00000"]}
    assert simulated(ContextEntries=[other]) == "implicitDeny"
    assert simulated(CallerArn=f"arn:aws:iam::{account}:user/nobody") == "implicitDeny"
    content = json.dumps(deny("iam:ListUsers", condition=own))
    given = {"Name": "scp", "Description": "", "Type": "SERVICE_CONTROL_POLICY", "Content": content}
    policy = estate.call("CreatePolicy", **given)["Policy"]["PolicySummary"]["Id"]
    estate.call("AttachPolicy", PolicyId=policy, TargetId=account)
    assert refused(world, alice, "ListUsers")[0] == "AccessDenied"
    assert simulated() == "explicitDeny"
