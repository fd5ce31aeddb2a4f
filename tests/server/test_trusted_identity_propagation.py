"""Trusted identity propagation over the wire: whom a token is of comes through every hop and decides a call."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator
from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.attacks.wire import audit
from tests.oidc import issuer
from tests.oidc.issuer import URL
from tests.server.in_process import InProcessServer, in_process_server

JWT = "urn:ietf:params:oauth:grant-type:jwt-bearer"
PROVIDER = "arn:aws:iam::aws:contextProvider/IdentityCenter"
LISTED, UNLISTED = "list_work_groups", "list_engine_versions"
"""Operations of Amazon Athena: identity-enhanced sessions may do the first one."""


class Propagation:
    """An account with an instance of IAM Identity Center, people, an application and a trusted token issuer."""

    def __init__(self, server: InProcessServer) -> None:
        self.server = server
        self.account = server.root.account
        center, people = server.client("sso-admin"), server.client("identitystore")
        instance = center.create_instance(Name="own")["InstanceArn"]
        store = center.describe_instance(InstanceArn=instance)["IdentityStoreId"]
        self.people = {
            name: people.create_user(
                IdentityStoreId=store,
                UserName=name,
                DisplayName=name,
                Name={"GivenName": name, "FamilyName": name},
                Emails=[{"Value": f"{name}@example.com", "Primary": True}],
            )["UserId"]
            for name in ("ann", "bob")
        }
        paths = {
            "IssuerUrl": URL,
            "ClaimAttributePath": "email",
            "IdentityStoreAttributePath": "emails.value",
            "JwksRetrievalOption": "OPEN_ID_DISCOVERY",
        }
        trusted = center.create_trusted_token_issuer(
            InstanceArn=instance,
            Name="issuer",
            TrustedTokenIssuerType="OIDC_JWT",
            TrustedTokenIssuerConfiguration={"OidcJwtConfiguration": paths},
        )["TrustedTokenIssuerArn"]
        self.application = center.create_application(
            InstanceArn=instance, Name="app", ApplicationProviderArn="arn:aws:sso::aws:applicationProvider/custom"
        )["ApplicationArn"]
        self._configure(center, trusted)

    def _configure(self, center: Any, trusted: str) -> None:
        named = {"ApplicationArn": self.application}
        center.put_application_assignment_configuration(AssignmentRequired=False, **named)
        issuers = [{"TrustedTokenIssuerArn": trusted, "AuthorizedAudiences": ["app"]}]
        center.put_application_grant(GrantType=JWT, Grant={"JwtBearer": {"AuthorizedTokenIssuers": issuers}}, **named)
        root = f"arn:aws:iam::{self.account}:root"
        statement = {"Effect": "Allow", "Principal": {"AWS": root}, "Action": "sso-oauth:*", "Resource": "*"}
        policy = {"Version": "2012-10-17", "Statement": [statement]}
        center.put_application_authentication_method(
            AuthenticationMethodType="IAM", AuthenticationMethod={"Iam": {"ActorPolicy": policy}}, **named
        )

    def tokens(self, who: str) -> dict[str, Any]:
        """What CreateTokenWithIAM gives for a token of the issuer about a person."""
        told = {"email": f"{who}@example.com", "jti": self.server.installation.ids.uuid()}
        assertion = issuer.signed(issuer.claims(self.server.clock().timestamp(), **told))
        asked = {"clientId": self.application, "grantType": JWT, "assertion": assertion}
        answer: dict[str, Any] = self.server.client("sso-oidc").create_token_with_iam(**asked)
        return answer

    def roles(self, condition: dict[str, Any], *, trusted: dict[str, Any] | None = None) -> str:
        """A role that a user of the account assumes, and that may do what the condition lets it."""
        iam, name = self.server.client("iam"), f"r{self.server.installation.ids.hexadecimal(8)}"
        trust = {
            "Effect": "Allow",
            "Principal": {"AWS": self.account},
            "Action": ["sts:AssumeRole", "sts:SetContext"],
            **({"Condition": trusted} if trusted else {}),
        }
        arn: str = iam.create_role(RoleName=name, AssumeRolePolicyDocument=document(trust))["Role"]["Arn"]
        allowed = {"Effect": "Allow", "Action": "athena:*", "Resource": "*", "Condition": condition}
        iam.put_role_policy(RoleName=name, PolicyName="p", PolicyDocument=document(allowed))
        return arn

    def session(self, arn: str, context: str) -> Any:
        """A client of Amazon Athena with the credentials of a session that is made with the context."""
        contexts = [{"ProviderArn": PROVIDER, "ContextAssertion": context}]
        sts = self.server.client("sts", *self._application())
        asked = {"RoleArn": arn, "RoleSessionName": "work", "ProvidedContexts": contexts}
        given = sts.assume_role(**asked)["Credentials"]
        return self.server.client("athena", given["AccessKeyId"], given["SecretAccessKey"], given["SessionToken"])

    def _application(self) -> tuple[str, str]:
        """The key of a user as whom the application calls."""
        iam, name = self.server.client("iam"), f"u{self.server.installation.ids.hexadecimal(8)}"
        iam.create_user(UserName=name)
        allowed = {"Effect": "Allow", "Action": ["sts:AssumeRole", "sts:SetContext"], "Resource": "*"}
        iam.put_user_policy(UserName=name, PolicyName="p", PolicyDocument=document(allowed))
        key = iam.create_access_key(UserName=name)["AccessKey"]
        return key["AccessKeyId"], key["SecretAccessKey"]


def document(statement: dict[str, Any]) -> str:
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]})


def verdict(client: Any, operation: str) -> str:
    """AccessDenied, or DryRunOperation for what the policies allow and is not carried out here."""
    with pytest.raises(ClientError) as refused:
        getattr(client, operation)()
    return str(refused.value.response["Error"]["Code"]).removesuffix("Exception")


@pytest.fixture(scope="module")
def propagation(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Propagation]:
    directory = tmp_path_factory.mktemp("propagation")
    keys = directory / "keys.json"
    keys.write_text(json.dumps({URL: issuer.key_set(issuer.private_key("RS256"))}))
    with in_process_server(directory, oidc_keys_file=keys) as server:
        yield Propagation(server)


def test_the_person_of_a_token_decides_what_the_session_may_do(propagation: Propagation) -> None:
    of_ann = {"StringEquals": {"identitystore:UserId": propagation.people["ann"]}}
    arn = propagation.roles(of_ann)
    seen = {}
    for who in ("ann", "bob"):
        client = propagation.session(arn, propagation.tokens(who)["awsAdditionalDetails"]["identityContext"])
        seen[who] = (verdict(client, LISTED), verdict(client, UNLISTED))
    assert seen == {"ann": ("DryRunOperation", "AccessDenied"), "bob": ("AccessDenied", "AccessDenied")}


def test_the_person_of_a_token_decides_who_gets_a_session(propagation: Propagation) -> None:
    of_ann = {"StringEquals": {"sts:RequestContext/identitystore:UserId": propagation.people["ann"]}}
    arn = propagation.roles({}, trusted=of_ann)
    context = {who: propagation.tokens(who)["awsAdditionalDetails"]["identityContext"] for who in ("ann", "bob")}
    assert verdict(propagation.session(arn, context["ann"]), LISTED) == "DryRunOperation"
    with pytest.raises(ClientError, match=r"\(AccessDenied\)"):
        propagation.session(arn, context["bob"])


def claims_of(tokens: dict[str, Any]) -> dict[str, Any]:
    read: dict[str, Any] = json.loads(base64.urlsafe_b64decode(tokens["idToken"].split(".")[1] + "=="))
    return read


def test_an_audit_context_is_logged_and_decides_nothing(propagation: Propagation) -> None:
    arn = propagation.roles({})
    client = propagation.session(arn, claims_of(propagation.tokens("bob"))["sts:audit_context"])
    assert (verdict(client, LISTED), verdict(client, UNLISTED)) == ("DryRunOperation", "DryRunOperation")
    told = [event["userIdentity"].get("onBehalfOf", {}).get("userId") for event in audit(propagation.server)]
    assert told[-2:] == [propagation.people["bob"]] * 2
