"""Sessions of roles for workloads: the credentials that a service of AWS hands to its instances, tasks or functions.

The caller acts for the service. Its policies decide whether it may pass the role to the service, and the role's trust
policy whether the service may assume it.

https://docs.aws.amazon.com/IAM/latest/UserGuide/id_roles_use_passrole.html
"""

from __future__ import annotations

from typing import Annotated

from msgspec import Meta

from carnet.access.authorize import Check
from carnet.access.request_context import request_keys
from carnet.access.resource_policies import trust_of
from carnet.access.service_access import Source, decide_for_service
from carnet.base.arns import Arn, parse_arn
from carnet.base.faults import Denied, Invalid, Missing
from carnet.base.timestamps import iso_of_epoch
from carnet.catalog.service_principals import is_service_principal
from carnet.directory.account_view import AccountView
from carnet.entities.instance_profile import EC2, InstanceProfile
from carnet.entities.role import Role
from carnet.identity.caller import Verified
from carnet.identity.credential import traced
from carnet.identity.principals import ASSUMED_ROLE
from carnet.keyring.session_claims import SessionClaims
from carnet.policy.request import Value
from carnet.server.own_api.endpoint import Endpoint, Input, OwnCall, Told
from carnet.services.sts.session_rule import may_have_roles
from carnet.services.target import resource_tag_keys
from carnet.store.last_used import RoleUse


class NewWorkloadSession(Input, frozen=True, kw_only=True):
    """Whose session is asked for: that of a role, or of the role in an instance profile."""

    service: Annotated[str, Meta(max_length=128)]
    """The service principal to which the role is passed: `ecs-tasks.amazonaws.com`."""
    session_name: Annotated[str, Meta(min_length=2, max_length=64, pattern=r"^[\w+=,.@-]+$")]
    role: Annotated[str, Meta(min_length=1, max_length=64)] | None = None
    """Its name."""
    instance_profile: Annotated[str, Meta(min_length=1, max_length=128)] | None = None
    """Its name."""
    source_arn: Annotated[str, Meta(max_length=2048)] | None = None
    """What the session is for: the instance, the task, the function (aws:SourceArn, iam:AssociatedResourceArn)."""
    duration_seconds: Annotated[int, Meta(ge=900, le=43_200)] = 3600
    """MaxSessionDuration of a role does not bind the services that assume it."""


def pass_role(view: AccountView, given: NewWorkloadSession) -> Check:
    """iam:PassRole on the role; if there is none, on what was named, so that nobody else learns that."""
    role = _role(view, given)
    keys: dict[str, Value] = {"iam:PassedToService": given.service}
    if given.source_arn is not None:
        keys["iam:AssociatedResourceArn"] = given.source_arn
    account = view.account
    named = f"instance-profile/{given.instance_profile}" if given.role is None else f"role/{given.role}"
    arn = role.arn if role is not None else str(Arn(account.partition, "iam", "", account.id, named))
    return Check(
        action="iam:PassRole",
        resource=arn,
        resource_account=account.id,
        keys=keys,
        resource_keys=resource_tag_keys(arn, role.tags if role is not None else {}),
    )


def create_workload_session(call: OwnCall) -> Told:
    """Credentials of a session of the role, for the service. Raises Invalid, Missing, and Denied.

    INVARIANT: of a service-linked role there are none, since neither SCPs nor RCPs bind its sessions; and whom AWS STS
    lets have no role session gets none here, such as who holds a delegation, which would outlive itself.
    """
    given: NewWorkloadSession = call.given
    assert call.account is not None, "only callers of an account are admitted"
    assert isinstance(call.caller, Verified), "only callers who sign are admitted"
    session = call.caller.credential.session
    if session is not None and not may_have_roles(session):
        raise Denied("Cannot call CreateWorkloadSession with session credentials of this kind.")
    view = call.snapshot.accounts[call.account]
    role = _find_role(view, given)
    _check_source(view, given)
    _ask_trust(call, view, role, given)
    claims = _claims(call, role, given)
    issued = call.parts.tokens.issue(claims)
    call.parts.last_used.note_role(role.id, RoleUse(call.now, call.caller.region))
    return {
        "role": role.name,
        "roleArn": role.arn,
        "accessKeyId": issued.access_key_id,
        "secretAccessKey": issued.secret_access_key,
        "sessionToken": issued.session_token,
        "expiration": iso_of_epoch(claims.expires_ms // 1000),
    }


def _claims(call: OwnCall, role: Role, given: NewWorkloadSession) -> SessionClaims:
    """INVARIANT: it is made with the caller's credential, and ends where those do that AWS STS makes with it."""
    assert isinstance(call.caller, Verified), "only callers who sign are admitted"
    credential, issued_ms = call.caller.credential, int(call.now.timestamp() * 1000)
    expires_ms = issued_ms + 1000 * given.duration_seconds
    if credential.session is not None:
        expires_ms = call.parts.session_lifetime.end_ms(expires_ms, credential.session.expires_ms)
    claims = SessionClaims(
        kind=ASSUMED_ROLE,
        account=role.account,
        principal_id=role.id,
        session_name=given.session_name,
        issued_ms=issued_ms,
        expires_ms=expires_ms,
        token_id=call.parts.ids.uuid(),
        provider_keys=_delivery_keys(given),
        epoch=call.snapshot.epoch,
    )
    return traced(claims, credential, issued_ms)


def _role(view: AccountView, given: NewWorkloadSession) -> Role | None:
    if given.role is not None:
        return view.of(Role).named(given.role)
    profile = view.of(InstanceProfile).named(given.instance_profile or "")
    return view.of(Role).get(profile.role) if profile is not None and profile.role is not None else None


def _find_role(view: AccountView, given: NewWorkloadSession) -> Role:
    if (given.role is None) == (given.instance_profile is None):
        raise Invalid("Give role or instanceProfile, one of them.")
    if not is_service_principal(given.service):
        raise Invalid(f"{given.service} is no service principal.")
    role = _role(view, given)
    if role is not None and role.linked_service is not None:
        raise Denied(f"The role {role.arn} is linked to {role.linked_service}, which alone acts with it.")
    if role is not None:
        return role
    if given.role is not None:
        raise Missing(f"The role with name {given.role} cannot be found.")
    if view.of(InstanceProfile).named(given.instance_profile or "") is None:
        raise Missing(f"Instance Profile {given.instance_profile} cannot be found.")
    raise Missing(f"The instance profile {given.instance_profile} has no role.")


def _check_source(view: AccountView, given: NewWorkloadSession) -> None:
    """Raise Invalid for a source that is no ARN of this account.

    INVARIANT: aws:SourceArn and aws:SourceAccount, by which trust policies keep other accounts out, are the caller's.
    """
    if given.source_arn is None:
        return
    arn = parse_arn(given.source_arn)
    if arn is None or arn.account not in ("", view.account.id):
        raise Invalid("sourceArn is an ARN of the caller's own account.")


def _ask_trust(call: OwnCall, view: AccountView, role: Role, given: NewWorkloadSession) -> None:
    """Raise Denied unless the role's trust policy lets the service assume it."""
    check = Check(
        action="sts:AssumeRole",
        resource=role.arn,
        resource_account=role.account,
        keys={"sts:RoleSessionName": given.session_name},
        resource_keys=resource_tag_keys(role.arn, role.tags),
        policies=(trust_of(view, role),),
    )
    source = Source(account=view.account.id, arn=given.source_arn)
    request = request_keys(call.http, call.caller.region, call.now)
    decided = decide_for_service(call.parts.engine, call.snapshot, given.service, source, check, request)
    call.decided.append(decided)
    if not decided.decision.allowed:
        raise Denied(f"{given.service} cannot assume the role {role.arn}: its trust policy does not allow it.")


def _delivery_keys(given: NewWorkloadSession) -> dict[str, str | tuple[str, ...]]:
    """The condition keys that a session of an instance has: credentials come by IMDSv2.

    https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazonec2.html
    """
    if given.service != EC2 or given.source_arn is None:
        return {}
    return {"ec2:RoleDelivery": "2.0", "ec2:SourceInstanceARN": given.source_arn}


def _without_secrets(answer: Told) -> Told:
    return {name: value for name, value in answer.items() if name not in ("secretAccessKey", "sessionToken")}


ENDPOINTS = (
    Endpoint(
        name="CreateWorkloadSession",
        method="POST",
        path="workload-sessions",
        scope=None,
        resource=None,
        check=pass_role,
        body=create_workload_session,
        given=NewWorkloadSession,
        status=201,
        audited=_without_secrets,
    ),
)
