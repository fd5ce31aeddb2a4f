"""Callers of every kind around an organization, and which policies decide on what they ask.

What Carnet carries out itself is asked as an operation, without its being carried out; an action of any other service
is put to the policies as one of Carnet's own would be.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from carnet.access.authorize import Check, authorize
from carnet.access.documents import stored_policy
from carnet.access.gather import carried_by
from carnet.access.request_context import caller_context, request_keys
from carnet.base.faults import Denied
from carnet.base.http import HttpRequest
from carnet.entities.role import Role
from carnet.entities.user import User
from carnet.identity.caller import AUTHENTICATOR, Verified
from carnet.identity.principals import ASSUMED_ROLE, ASSUMED_ROOT, SESSION_TOKEN
from carnet.keyring.session_claims import SessionClaims
from carnet.policy.decision import Layer
from carnet.policy.document import Grammar
from carnet.policy.policies import Policies, ResourcePolicy
from carnet.policy.request import Context, Principal, PrincipalKind, Value
from carnet.services.execution import Admitted
from carnet.services.registry import SERVICES
from carnet.services.target import resource_tag_keys
from tests.services.organizations.estate import Estate
from tests.services.sts.federation import Federation
from tests.services.sts.trust import ALLOW_ALL, assume, role
from tests.services.world import Caller, World

MANAGEMENT_ROOT = "root user of the management account"
MANAGER = "user of the management account"
ROOT = "root user of a member"
ROOT_SESSION = "session of AssumeRoot for a member"
USER = "user of a member"
USER_WITH_MFA = "session with MFA of a user of a member"
ROLE = "role session in a member"
PLATFORM = "session of the platform team's role in a member"
SAML = "session of who signed in with SAML to a member"
FEDERATED = "session of GetFederationToken in a member"
LINKED = "service-linked role's session in a member"
SERVICE = "service of AWS, for a member"
CONFUSED = "service of AWS, for an account outside"
OUTSIDER = "user of an account outside"
OUTSIDE_LINKED = "service-linked role's session in an account outside"

BOUND = frozenset((ROOT, USER, USER_WITH_MFA, ROLE, PLATFORM, SAML, FEDERATED))
"""Those whom SCPs bind, but for ROOT_SESSION, whose task allows it little."""
_SERVICES = (SERVICE, CONFUSED)
EVERYBODY = BOUND | {MANAGEMENT_ROOT, MANAGER, LINKED, *_SERVICES, OUTSIDER, OUTSIDE_LINKED}
ALLOWED = "allowed"

_SERVICE = "ecs-tasks.amazonaws.com"
_OF_SERVICE: Mapping[str, Value] = {"aws:PrincipalIsAWSService": "true", "aws:PrincipalServiceName": _SERVICE}
_OPEN = (
    '{"Version":"2012-10-17","Statement":{"Effect":"Allow","Principal":{"AWS":"*","Service":"ecs-tasks.amazonaws.com"},'
    '"Action":"*","Resource":"*"}}'
)
"""A policy of a resource that leaves all to the organization's guardrails."""
TEAM = {"team": "blue"}
"""The tags of the principals ROLE and SAML."""
_READS_ROOT_CREDENTIALS = "arn:aws:iam::aws:policy/root-task/IAMAuditRootUserCredentials"


@dataclass(frozen=True, slots=True, kw_only=True)
class Ask:
    """An action that somebody asks for.

    `owner` is the kind of account that owns the resource (`member`, `outsider`, `management`; empty: the caller's own),
    and `{owner}` in `resource` stands for its id. A resource of an account that is not the caller's is open to
    everybody by its own policy.
    """

    action: str
    resource: str = "*"
    owner: str = ""
    region: str = "eu-west-1"
    peer: str = "192.0.2.1"
    tags: Mapping[str, str] = field(default_factory=dict[str, str])
    """Those of the resource."""
    keys: Mapping[str, Value] = field(default_factory=dict[str, Value])
    """What the request brings or, by an empty text, does not bring."""

    def __str__(self) -> str:
        brought = [*self.tags.items(), *self.keys.items()]
        return " ".join(map(str, (self.action, self.owner or "own", self.region, self.peer, *brought)))


@dataclass(frozen=True, slots=True, kw_only=True)
class Everybody:
    """An organization with a member, and an account outside."""

    estate: Estate
    accounts: Mapping[str, str]
    """The ids of the accounts, by their kind."""
    callers: Mapping[str, Caller]
    outside: Caller
    """The root user of the account outside."""
    federation: Federation
    """Those who sign in to the member."""

    @property
    def world(self) -> World:
        return self.estate.world

    def denied(self, ask: Ask) -> dict[str, Layer | str | None]:
        """Which kinds of policy deny an action, by those to whom they do."""
        layers = {who: self.layer(who, ask) for who in sorted(EVERYBODY)}
        return {who: layer for who, layer in layers.items() if layer is not ALLOWED}

    def layer(self, who: str, ask: Ask) -> Layer | str | None:
        """The kind of policy that denies somebody an action; ALLOWED if none does."""
        principal, policies, context = self._asking(who, ask)
        owner = self.accounts[ask.owner] if ask.owner else principal.account or self.accounts["member"]
        resource = ask.resource.format(owner=owner)
        theirs = owner == principal.account
        check = Check(
            action=ask.action,
            resource=resource,
            resource_account=owner,
            resource_keys=resource_tag_keys(resource, ask.tags),
            policies=() if theirs else (_open(ask.action),),
        )
        engine, snapshot = self.world.installation.execution.parts.engine, self.world.snapshot
        decision = authorize(engine, snapshot, principal, policies, context, check).decision
        return ALLOWED if decision.allowed else decision.layer

    def of_operation(self, who: str, operation: str, *, service: str = "iam", **given: Any) -> Layer | str | None:
        """The same of a call of an operation of Carnet's, which is not carried out."""
        chosen = SERVICES[service].operations[operation]
        parsed = self.world.parsed(chosen, self.world.principal(self.callers[who]), given)
        outcome = self.world.installation.execution.admit(chosen, parsed)
        if isinstance(outcome, Admitted):
            return ALLOWED
        if not isinstance(outcome.problem, Denied) or not outcome.decided:
            raise outcome.problem
        return outcome.decided[-1].decision.layer

    def _asking(self, who: str, ask: Ask) -> tuple[Principal, Policies, Context]:
        world, now = self.world, self.world.clock()
        http = HttpRequest(method="POST", path="/", query="", headers=(), body=b"", peer=ask.peer, secure=True)
        if who in _SERVICES:
            source = "member" if who == SERVICE else "outsider"
            context = Context(principal=_OF_SERVICE, request=request_keys(http, ask.region, now))
            sent = {**self._source(source), **ask.keys}
            return Principal(kind=PrincipalKind.SERVICE, provider=_SERVICE), Policies(), _with(context, sent)
        credential = world.principal(self.callers[who]).credential
        caller = Verified(AUTHENTICATOR, credential=credential, region=ask.region, service="", presigned=False)
        policies, keys = carried_by(world.snapshot, credential)
        return caller.principal, policies, _with(caller_context(keys, caller, http, now), ask.keys)

    def _source(self, kind: str) -> dict[str, Value]:
        """What a service says of whom it acts for."""
        organization = {"aws:SourceOrgID": self.estate.organization} if kind == "member" else {}
        return {"aws:SourceAccount": self.accounts[kind], **organization}


def _manage_root_users(estate: Estate) -> None:
    """Let the organization have sessions of its members' root users."""
    organization = estate.world.snapshot.organizations[estate.organization].organization
    with estate.world.installation.store.write() as unit:
        unit.save(
            replace(
                organization,
                trusted_services={**organization.trusted_services, "iam.amazonaws.com": 1},
                root_features=("RootCredentialsManagement",),
            )
        )
    estate.world.installation.directory.catch_up()


def everybody(estate: Estate) -> Everybody:
    """Everybody around an organization, who may do everything as far as their own policies go."""
    world = estate.world
    member, outside = estate.member(estate.unit("Workloads")), world.account()
    federation = Federation(world, root=member)
    world.call(member, "PutRolePolicy", RoleName="reader", PolicyName="all", PolicyDocument=json.dumps(ALLOW_ALL))
    tagged = federation.answer(attributes={"https://aws.amazon.com/SAML/Attributes/PrincipalTag:team": ["blue"]})
    user = world.user("alice", [ALLOW_ALL], root=member)
    tags = [{"Key": key, "Value": value} for key, value in TEAM.items()]
    # The name of the role and that of the session look like the path of the platform team's role.
    worker = role(world, "platform", root=member, Tags=tags)
    engineer = role(world, "engineer", root=member, Path="/platform/")
    federated = world.call(user, "GetFederationToken", service="sts", Name="bob", Policy=json.dumps(ALLOW_ALL))
    account = estate.account_of(member)
    _manage_root_users(estate)
    alice = world.snapshot.accounts[account].of(User).named("alice")
    assert alice is not None
    callers = {
        MANAGEMENT_ROOT: world.root,
        MANAGER: world.user("manager", [ALLOW_ALL]),
        ROOT: member,
        ROOT_SESSION: _session(world, ASSUMED_ROOT, account, account, policy_arns=(_READS_ROOT_CREDENTIALS,)),
        USER: user,
        USER_WITH_MFA: _session(world, SESSION_TOKEN, account, alice.id, mfa_ms=int(world.clock().timestamp() * 1000)),
        ROLE: world.session(assume(world, user, worker, name="engineer")),
        PLATFORM: world.session(assume(world, user, engineer)),
        SAML: world.session(federation.assume(tagged)),
        FEDERATED: world.session(federated),
        LINKED: _linked_role_session(world, member),
        OUTSIDER: world.user("stranger", [ALLOW_ALL], root=outside),
        OUTSIDE_LINKED: _linked_role_session(world, outside),
    }
    return Everybody(
        estate=estate,
        accounts={"member": account, "outsider": estate.account_of(outside), "management": world.account_id},
        callers=callers,
        outside=outside,
        federation=federation,
    )


def _session(world: World, kind: str, account: str, principal_id: str, **claims: Any) -> Caller:
    now = int(world.clock().timestamp() * 1000)
    issued = world.installation.execution.parts.tokens.issue(
        SessionClaims(
            kind=kind,
            account=account,
            principal_id=principal_id,
            session_name="session",
            issued_ms=now,
            expires_ms=now + 3_600_000,
            token_id=world.installation.ids.uuid(),
            epoch=world.snapshot.epoch,
            **claims,
        )
    )
    return Caller(issued.access_key_id, issued.secret_access_key, issued.session_token)


def _linked_role_session(world: World, root: Caller) -> Caller:
    """A session of a service-linked role, as its service has one, that may do everything."""
    made = world.call(root, "CreateServiceLinkedRole", AWSServiceName="autoscaling.amazonaws.com")["Role"]
    account = world.principal(root).principal.account
    linked = world.snapshot.accounts[account].of(Role).get(made["RoleId"])
    assert linked is not None
    with world.installation.store.write() as unit:
        unit.save(replace(linked, inline={"all": json.dumps(ALLOW_ALL)}))
    world.installation.directory.catch_up()
    return _session(world, ASSUMED_ROLE, account, linked.id)


def _open(action: str) -> ResourcePolicy:
    layer = Layer.TRUST if action.startswith("sts:") else Layer.RESOURCE
    return ResourcePolicy(policy=stored_policy(_OPEN, Grammar.RESOURCE, "open"), layer=layer)


def _with(context: Context, keys: Mapping[str, Value]) -> Context:
    request = {name: value for name, value in {**context.request, **keys}.items() if value != ""}
    return Context(principal=context.principal, request=request, resource=context.resource)
