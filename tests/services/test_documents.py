"""Documents in the input of operations are measured and parsed before their turn, so that no other writer waits."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import pytest

from carnet import models
from carnet.policy import shape
from carnet.saml import decryption, metadata
from carnet.services import documents
from carnet.services.iam import ssh_public_keys, x509
from carnet.store.group_commit import Group
from carnet.store.store import Store
from tests.saml import idp
from tests.services.iam.documents import allow, managed, text, trust
from tests.services.iam.made_certificates import made as made_certificate
from tests.services.iam.test_ssh_public_keys import ssh
from tests.services.inputs import WRITTEN
from tests.services.meanwhile import happens_meanwhile
from tests.services.organizations.estate import an_estate, delegating
from tests.services.sso_admin.center import Center, a_center
from tests.services.world import ServiceError, World

LONG = 10_000
"""A text that may be longer is a document."""
WITHOUT_LIMIT = ("Content", "Policy")
"""Documents for which the models give none. Of a value that is a document (`ActorPolicy`) they never give one."""
TOO_LONG = 120_000
DOCUMENT = text(allow("s3:*"))
ACTORS = delegating("1" * 12, "sso-oauth:CreateTokenWithIAM")
READERS: tuple[tuple[Any, str], ...] = (
    (shape, "read_json"),
    (documents, "counted_size"),
    (metadata, "parse_metadata"),
    (decryption, "read_private_key"),
    (x509, "_certificates"),
    (x509, "_private_key"),
    (ssh_public_keys, "read_new_key"),
)
"""All that look at a whole document."""


class Watched:
    """What looks at documents, and whether other writers wait for it."""

    def __init__(self) -> None:
        self.locked = False
        self.before: list[str] = []
        self.under_the_lock: list[str] = []

    def note(self, what: str) -> None:
        (self.under_the_lock if self.locked else self.before).append(what)


@pytest.fixture
def watched(monkeypatch: pytest.MonkeyPatch) -> Watched:
    watched = Watched()

    def noting(read: Callable[..., Any], name: str) -> Callable[..., Any]:
        def call(*given: Any, **named: Any) -> Any:
            watched.note(name)
            return read(*given, **named)

        return call

    for module, name in READERS:
        monkeypatch.setattr(module, name, noting(getattr(module, name), name))
    group = Store.group

    @contextmanager
    def locked(store: Store) -> Iterator[Group]:
        with group(store) as opened:
            watched.locked = True
            try:
                yield opened
            finally:
                watched.locked = False

    monkeypatch.setattr(Store, "group", locked)
    monkeypatch.setattr(documents, "_parsed", documents.new_memory())
    return watched


def of_iam(world: World) -> dict[str, dict[str, Any]]:
    """An input of each operation of IAM that stores a document, or makes something of it."""
    certificate = made_certificate("server")
    body = {"CertificateBody": certificate.pem}
    policy, trusting = {"PolicyName": "p", "PolicyDocument": DOCUMENT}, trust("1" * 12)
    world.call(world.root, "CreateUser", UserName="u")
    world.call(world.root, "CreateGroup", GroupName="g")
    world.call(world.root, "CreateRole", RoleName="r", AssumeRolePolicyDocument=trust("1" * 12))
    arn = managed(world, "versions")
    provider = world.call(world.root, "CreateSAMLProvider", Name="first", SAMLMetadataDocument=idp.metadata())
    return {
        "AcquireRole": {
            "TemplateArn": (
                "arn:aws:iam::aws:role-template/secretsmanager.amazonaws.com/AWSSecretsManagerRotationRoleTemplate:1"
            ),
            "ReplacementValues": {name: {"Values": ["x"]} for name in ("accountId", "region", "resourceType")},
        },
        "CreateDelegationRequest": {
            "Description": "",
            "Permissions": {"PolicyTemplateArn": arn},
            "RequestorWorkflowId": "workflow",
            "NotificationChannel": "arn:aws:sns:us-east-1:444455556666:topic",
            "SessionDuration": 3600,
        },
        "CreatePolicy": policy,
        "CreatePolicyVersion": {"PolicyArn": arn, "PolicyDocument": DOCUMENT},
        "CreateRole": {"RoleName": "x", "AssumeRolePolicyDocument": trusting},
        "CreateSAMLProvider": {"Name": "x", "SAMLMetadataDocument": idp.metadata()},
        "PutGroupPolicy": {"GroupName": "g", **policy},
        "PutRolePolicy": {"RoleName": "r", **policy},
        "PutUserPolicy": {"UserName": "u", **policy},
        "UpdateAssumeRolePolicy": {"RoleName": "r", "PolicyDocument": trusting},
        "UpdateSAMLProvider": {**provider, "SAMLMetadataDocument": idp.metadata()},
        "UploadSSHPublicKey": {"UserName": "u", "SSHPublicKeyBody": ssh()},
        "UploadServerCertificate": {"ServerCertificateName": "c", **body, "PrivateKey": certificate.private()},
        "UploadSigningCertificate": {"UserName": "u", **body},
    }


def of_sso_admin(center: Center) -> dict[str, dict[str, Any]]:
    """The same of IAM Identity Center."""
    return {
        "PutApplicationAuthenticationMethod": {
            "ApplicationArn": center.application("app"),
            "AuthenticationMethodType": "IAM",
            "AuthenticationMethod": {"Iam": {"ActorPolicy": json.loads(ACTORS)}},
        },
        "PutInlinePolicyToPermissionSet": {"PermissionSetArn": center.permission_set(), "InlinePolicy": DOCUMENT},
    }


MADE_OF_TEMPLATES = {"AcquireRole", "CreateDelegationRequest"}
OF_SEVERAL = {"AcquireRole", "UploadServerCertificate"}
OF_ORGANIZATIONS = {"CreatePolicy", "PutResourcePolicy", "UpdatePolicy"}
READ_BY_NOBODY = {
    "identitystore": {"UpdateGroup", "UpdateUser"},
    "signin": {"CreateOAuth2Token", "RevokeOAuth2TokenWithIAM"},
}
"""Values of attributes, which arrive parsed and are checked member by member, each against its own small limit; and
refresh tokens, which are no documents: the keyring opens them, before their turn too."""


def test_every_operation_with_a_document_is_looked_at(world: World) -> None:
    found = defaultdict[str, set[str]](set)
    for operation in WRITTEN:
        modelled = models.operation(operation.service, operation.name).input
        members: Mapping[str, Any] = modelled.members if modelled is not None and operation.writes else {}
        if any(_is_document(name, member) for name, member in members.items()):
            found[operation.service].add(operation.name)
    assert found.pop("iam") | MADE_OF_TEMPLATES == of_iam(world).keys()
    assert found.pop("organizations") == OF_ORGANIZATIONS
    assert found.pop("sso-admin") == of_sso_admin(a_center(world)).keys()
    assert found.pop("sts") == {"AssumeRoleWithSAML"}, "whose assertion is read to know who calls"
    assert found == READ_BY_NOBODY


def _is_document(name: str, member: Any) -> bool:
    """Whether it is one, or one is somewhere in it."""
    if getattr(member, "is_document_type", False):
        return True
    if member.type_name == "structure":
        return any(_is_document(*each) for each in member.members.items())
    if member.type_name == "list":
        return _is_document(name, member.member)
    if name == "NextToken" or member.type_name != "string":
        return False
    return name in WITHOUT_LIMIT or member.metadata.get("max", 0) >= LONG


def test_iam_reads_no_document_under_the_lock(world: World, watched: Watched) -> None:
    for name, given in of_iam(world).items():
        documents._parsed = documents.new_memory()
        watched.before.clear()
        world.call(world.root, name, **given)
        assert watched.before, name
        assert len(watched.before) == len(set(watched.before)) or name in OF_SEVERAL, "nothing is read twice"
    assert watched.under_the_lock == []


def test_organizations_read_no_document_under_the_lock(world: World, watched: Watched) -> None:
    estate = an_estate(world)
    tags = json.dumps({"tags": {"team": {"tag_key": {"@@assign": "Team"}}}})
    made = []
    for name, policy_type, content in (("s", "SERVICE_CONTROL_POLICY", text(allow("*"))), ("t", "TAG_POLICY", tags)):
        given = {"Name": name, "Description": "", "Type": policy_type, "Content": content}
        made.append(estate.call("CreatePolicy", **given)["Policy"]["PolicySummary"]["Id"])
        documents._parsed = documents.new_memory()
        estate.call("UpdatePolicy", PolicyId=made[-1], Content=content + " ")
    account = estate.account_of(estate.member(estate.root))
    estate.call("PutResourcePolicy", Content=delegating(account, "organizations:ListRoots"))
    assert watched.before.count("read_json") == 5
    assert watched.under_the_lock == []


def test_iam_identity_center_reads_no_document_under_the_lock(world: World, watched: Watched) -> None:
    center = a_center(world)
    for name, given in of_sso_admin(center).items():
        documents._parsed = documents.new_memory()
        watched.before.clear()
        center.call(name, **given)
        assert sorted(watched.before) == ["counted_size", "read_json"], name
    assert watched.under_the_lock == []


def test_what_is_no_policy_of_iam_identity_center_is_refused_without_reading_it_under_the_lock(
    world: World, watched: Watched
) -> None:
    center = a_center(world)
    method, inline = (given for _, given in sorted(of_sso_admin(center).items()))
    for wrong in ({"Statement": 1}, {"Statement": "x" * TOO_LONG}):
        given = method | {"AuthenticationMethod": {"Iam": {"ActorPolicy": wrong}}}
        with pytest.raises(ServiceError, match="ValidationException"):
            center.call("PutApplicationAuthenticationMethod", **given)
        with pytest.raises(ServiceError):
            center.call("PutInlinePolicyToPermissionSet", **{**inline, "InlinePolicy": json.dumps(wrong)})
    with pytest.raises(ServiceError, match="of the type IAM is Iam"):
        center.call("PutApplicationAuthenticationMethod", **{**method, "AuthenticationMethod": {}})
    assert watched.under_the_lock == []


def test_what_is_no_policy_is_refused_without_reading_it_under_the_lock(world: World, watched: Watched) -> None:
    given = of_iam(world)
    for name in ("CreatePolicy", "PutUserPolicy", "CreateRole", "UpdateAssumeRolePolicy"):
        document = next(member for member in given[name] if member.endswith("PolicyDocument"))
        with pytest.raises(ServiceError, match="MalformedPolicyDocument"):
            world.call(world.root, name, **{**given[name], document: '{"Statement": 1}'})
    estate = an_estate(world)
    for policy_type in ("SERVICE_CONTROL_POLICY", "TAG_POLICY"):
        with pytest.raises(ServiceError, match="MalformedPolicyDocument"):
            estate.call("CreatePolicy", Name="x", Description="", Type=policy_type, Content='{"x": 1}')
    assert watched.under_the_lock == []


def test_sixty_documents_that_are_too_long_cost_another_tenant_s_write_nothing(world: World, watched: Watched) -> None:
    """They are measured once each, in a thread of their own, and never parsed."""
    world.call(world.root, "CreateUser", UserName="u")
    long = text(allow(*[f"s3:Get{number}" for number in range(TOO_LONG // 10)]))
    assert len(long) > TOO_LONG
    before = watched.before.count("counted_size")
    for number in range(60):
        with pytest.raises(ServiceError, match="LimitExceeded"):
            world.call(world.root, "PutUserPolicy", UserName="u", PolicyName=f"p{number}", PolicyDocument=long)
    assert watched.before.count("counted_size") == before + 60
    assert "read_json" not in watched.before
    world.call(world.account(), "CreateUser", UserName="other")
    assert watched.under_the_lock == []


def test_a_template_that_was_changed_meanwhile_is_not_filled_in_again(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    arn = managed(world, "template")
    asked: dict[str, Any] = {
        "Description": "",
        "Permissions": {"PolicyTemplateArn": arn},
        "RequestorWorkflowId": "workflow",
        "NotificationChannel": "arn:aws:sns:us-east-1:444455556666:topic",
        "SessionDuration": 3600,
    }
    version: dict[str, Any] = {"PolicyArn": arn, "PolicyDocument": text(allow("ec2:*")), "SetAsDefault": True}
    happens_meanwhile(monkeypatch, lambda: world.call(world.root, "CreatePolicyVersion", **version))
    with pytest.raises(ServiceError, match="changed in the meantime"):
        world.call(world.root, "CreateDelegationRequest", **asked)
    world.call(world.root, "CreateDelegationRequest", **asked)
