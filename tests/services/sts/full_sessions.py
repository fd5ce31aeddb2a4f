"""Every operation of STS, asked in the ways that fill its answer, and what it answered."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

from carnet.access.authorization_message import encoded
from carnet.access.authorize import Check, authorize
from carnet.access.gather import policies_of
from carnet.entities.delegation_request import DelegationRequest
from carnet.identity.trade_in_tokens import trade_in_token
from carnet.policy.request import Context
from tests.oidc import issuer
from tests.oidc.issuer import HOST, URL
from tests.saml import idp
from tests.services.answered import filled
from tests.services.iam.documents import allow, managed, text
from tests.services.organizations.estate import an_estate
from tests.services.sts.federation import Federation
from tests.services.sts.trust import role
from tests.services.world import Caller, World, open_world

CONTEXT = {
    "SubjectSourceKey": "sub",
    "SubjectTypeValue": "person",
    "KeyDefinitionList": [{"SourceKey": "mail", "TargetKey": "Mail"}],
}
NARROWED = {"Policy": text(allow("sts:*", "iam:ListUsers"))}
TAGGED = {"Tags": [{"Key": "team", "Value": "red"}]}
WEB = "sts:AssumeRoleWithWebIdentity"
ALSO = ("sts:TagSession", "sts:SetSourceIdentity", "sts:SetContext")
AUDIT = "arn:aws:iam::aws:policy/root-task/IAMAuditRootUserCredentials"
SOURCE = "https://aws.amazon.com/source_identity"


class FullSessions:
    """A world that knows the keys of `tests.oidc.issuer.URL`, and the members that each operation filled."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.filled: dict[str, set[str]] = {}
        self.asked: dict[str, tuple[Caller | None, dict[str, Any]]] = {}
        """Who called each operation the last time, and with what; None for one that takes no signature."""
        self.alice = world.user("alice", [allow("sts:*")])
        self._assumed()
        self._federated()
        self._of_users()
        self._of_roots()
        self._delegated()

    def call(self, caller: Caller, operation: str, **given: Any) -> dict[str, Any]:
        self.asked[operation] = caller, given
        return self._told(operation, self.world.call(caller, operation, service="sts", **given))

    def _unsigned(self, operation: str, **given: Any) -> None:
        self.asked[operation] = None, given
        self._told(operation, self.world.unsigned(operation, **given))

    def _told(self, operation: str, answer: dict[str, Any]) -> dict[str, Any]:
        self.filled.setdefault(operation, set()).update(filled(answer))
        return answer

    def _assumed(self) -> None:
        arn = role(self.world, "assumed")
        given = {"RoleArn": arn, "RoleSessionName": "work", "SourceIdentity": "ann", **NARROWED, **TAGGED}
        self.session = self.world.session(self.call(self.alice, "AssumeRole", **given))
        self.call(self.session, "GetScopedCredentials", **NARROWED)
        self.call(self.session, "GetCallerIdentity")
        self.call(self.alice, "GetAccessKeyInfo", AccessKeyId=self.session.key_id)

    def _federated(self) -> None:
        """By a token and by an assertion, whose providers have a context provider each."""
        world = self.world
        world.call(world.root, "CreateOpenIDConnectProvider", Url=URL, ClientIDList=["app"], ContextProvider=CONTEXT)
        provider = f"arn:aws:iam::{world.account_id}:oidc-provider/{HOST}"
        statement = {"Effect": "Allow", "Principal": {"Federated": provider}, "Action": [WEB, *ALSO]}
        arn = role(world, "worker", json.dumps({"Version": "2012-10-17", "Statement": [statement]}))
        claims = issuer.claims(world.clock().timestamp(), mail="ann@example.com", **{SOURCE: "ann"})
        given = {"RoleArn": arn, "RoleSessionName": "work", "WebIdentityToken": issuer.signed(claims), **NARROWED}
        self._unsigned("AssumeRoleWithWebIdentity", **given)
        self.federation = federation = Federation(world, ContextProvider={**CONTEXT, "SubjectSourceKey": "mail"})
        said = {"mail": ["ann@example.com"], "https://aws.amazon.com/SAML/Attributes/SourceIdentity": ["ann"]}
        arn = federation.trusting_role("person", actions=("sts:AssumeRoleWithSAML", *ALSO))
        assertion = idp.post(federation.answer(arn, attributes=said))
        given = {"RoleArn": arn, "PrincipalArn": federation.provider, "SAMLAssertion": assertion, **NARROWED}
        self._unsigned("AssumeRoleWithSAML", **given)

    def _of_users(self) -> None:
        world, alice = self.world, self.alice
        self.call(alice, "GetSessionToken")
        self.call(alice, "GetFederationToken", Name="bob", **NARROWED, **TAGGED)
        world.call(world.root, "EnableOutboundWebIdentityFederation")
        self.call(alice, "GetWebIdentityToken", Audience=["app"], SigningAlgorithm="ES384")
        self.call(alice, "DecodeAuthorizationMessage", EncodedMessage=self._denial())

    def _denial(self) -> str:
        """The message of a denial."""
        world, who = self.world, self.world.principal(self.alice)
        view, parts = world.snapshot.accounts[world.account_id], world.installation.execution.parts
        check = Check(action="ec2:RunInstances", resource="*", resource_account=world.account_id)
        carried = policies_of(view, who.credential)
        denied = authorize(parts.engine, world.snapshot, who.principal, carried, Context(), check)
        return encoded(world.installation.keyring, denied, world.clock())

    def _of_roots(self) -> None:
        """A session of the root user of a member account."""
        estate, store = an_estate(self.world), self.world.installation.store
        organization = self.world.snapshot.organizations[estate.organization].organization
        with store.write() as unit:
            unit.save(replace(organization, trusted_services={"iam.amazonaws.com": 1}))
        self.world.installation.directory.catch_up()
        self.world.call(self.world.root, "EnableOrganizationsRootCredentialsManagement")
        member = estate.account_of(estate.member())
        self.call(self.session, "AssumeRoot", TargetPrincipal=member, TaskPolicyArn={"arn": AUDIT})

    def _delegated(self) -> None:
        """Credentials of a delegation that the root user accepted."""
        world = self.world
        given: dict[str, Any] = {
            "OwnerAccountId": world.account_id,
            "Description": "d",
            "Permissions": {"PolicyTemplateArn": managed(world)},
            "RequestorWorkflowId": "w",
            "NotificationChannel": "arn:aws:sns:us-east-1:111122223333:topic",
            "SessionDuration": 3600,
        }
        request = world.call(world.root, "CreateDelegationRequest", **given)["DelegationRequestId"]
        for step in ("AssociateDelegationRequest", "AcceptDelegationRequest", "SendDelegationToken"):
            world.call(world.root, step, DelegationRequestId=request)
        made = world.snapshot.named(DelegationRequest, request)
        assert made is not None
        token = trade_in_token(world.installation.keyring, made)
        self.call(world.root, "GetDelegatedAccessToken", TradeInToken=token)


@contextmanager
def open_sessions(directory: Path) -> Iterator[FullSessions]:
    """In a new world, whose files are in the directory."""
    keys = directory / "keys.json"
    keys.write_text(json.dumps({URL: issuer.key_set(issuer.private_key("RS256"))}))
    with open_world(directory, oidc_keys_file=keys) as world:
        yield FullSessions(world)
