"""Callers for whom an identity provider vouches: what the preparation finds out decides, and is audited."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

import boto3
import pytest
from botocore import UNSIGNED
from botocore.config import Config
from botocore.exceptions import ClientError

from carnet.base.faults import FAULTS, Refused
from carnet.directory.account_view import AccountView
from carnet.directory.snapshot import Snapshot
from carnet.entities.role import Role
from carnet.identity.authenticate import Authenticate
from carnet.identity.caller import FEDERATED_AUTHENTICATOR, Federated, VouchedSession
from carnet.policy.request import Principal, PrincipalKind
from carnet.services.operation import AnonymousCall, Answer, FederatedCall, anybody
from carnet.services.preparing import Pool, Preparation
from carnet.services.registry import SERVICES
from carnet.services.service import Service
from carnet.services.sts.assume_role import role_at, session_checks, vouched_keys, vouched_session
from carnet.services.sts.quotas import StsQuotas
from carnet.services.target import Target
from tests.attacks.wire import audit
from tests.server.in_process import InProcessServer, in_process_server

CODES = dict.fromkeys(FAULTS, "ValidationError") | {
    kind: "AccessDenied" for kind in FAULTS if kind.__name__ == "Denied"
}
POOL = Pool(name="made-up-federation", size=1, waiting=1, seconds=5)


class Provider:
    """An identity provider of a made-up kind: it vouches for whatever the token, which is JSON, says."""

    def __init__(self) -> None:
        self.gone = False

    def vouch(self, call: AnonymousCall, given: Mapping[str, Any]) -> Federated:
        told = json.loads(given["WebIdentityToken"])
        account = given["RoleArn"].split(":")[4]
        provider = f"arn:aws:iam::{account}:oidc-provider/idp.example.com"
        if told.get("forged"):
            raise Refused("InvalidIdentityToken", "It is forged.")
        return Federated(
            FEDERATED_AUTHENTICATOR,
            principal=Principal(kind=PrincipalKind.WEB_IDENTITY, id=f"{provider}:app:{told['sub']}", provider=provider),
            account=account,
            keys={"idp.example.com:sub": told["sub"]},
            remembered={"idp.example.com:sub": told["sub"]},
            user_name=told["sub"],
            audience="app",
            session=VouchedSession(**told.get("session", {})),
            trusted=self.trusted,
        )

    def trusted(self, snapshot: Snapshot) -> bool:
        return not self.gone


def wanted_role(call: FederatedCall, given: Any) -> Target[Role, AccountView]:
    return role_at(call.snapshot, given["RoleArn"])


def made_up(provider: Provider) -> Service:
    sts = Service("sts", fault_codes=CODES, quotas=StsQuotas())
    sts.operations["GetCallerIdentity"] = SERVICES["sts"].operations["GetCallerIdentity"]

    @sts.read(
        "AssumeRoleWithWebIdentity",
        on=wanted_role,
        also=(session_checks,),
        context=(vouched_keys,),
        authenticate=Authenticate.FEDERATED,
        prepare=Preparation(pool=POOL, work=provider.vouch),
    )
    def assume(call: FederatedCall, given: Any, role: Role, view: AccountView) -> Answer:
        return vouched_session(call, given, role, view)

    return sts


@pytest.fixture(scope="module")
def provider() -> Provider:
    return Provider()


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory, provider: Provider) -> Iterator[InProcessServer]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("carnet.assembly.worker.SERVICES", {"iam": SERVICES["iam"], "sts": made_up(provider)})
        with in_process_server(tmp_path_factory.mktemp("federated")) as running:
            yield running


@pytest.fixture(scope="module")
def arn(server: InProcessServer) -> str:
    account = server.client("sts").get_caller_identity()["Account"]
    statement = {
        "Effect": "Allow",
        "Principal": {"Federated": f"arn:aws:iam::{account}:oidc-provider/idp.example.com"},
        "Action": ["sts:AssumeRoleWithWebIdentity", "sts:TagSession"],
        "Condition": {"StringEquals": {"idp.example.com:sub": "ann"}},
    }
    iam = server.client("iam")
    iam.create_open_id_connect_provider(Url="https://idp.example.com", ThumbprintList=["a" * 40])
    made = iam.create_role(
        RoleName="worker",
        AssumeRolePolicyDocument=json.dumps({"Version": "2012-10-17", "Statement": statement}),
    )
    arn: str = made["Role"]["Arn"]
    return arn


def assume(server: InProcessServer, arn: str, **told: Any) -> Any:
    config = Config(signature_version=UNSIGNED, retries={"total_max_attempts": 1})
    sts = boto3.client("sts", endpoint_url=server.endpoint, region_name="us-east-1", config=config)
    return sts.assume_role_with_web_identity(RoleArn=arn, RoleSessionName="s1", WebIdentityToken=json.dumps(told))


def refused(server: InProcessServer, arn: str, **told: Any) -> tuple[str, str]:
    with pytest.raises(ClientError) as caught:
        assume(server, arn, **told)
    error = caught.value.response["Error"]
    return error["Code"], error["Message"]


def test_the_trust_policy_decides_by_what_the_provider_says(server: InProcessServer, arn: str) -> None:
    answer = assume(server, arn, sub="ann", session={"tags": {"team": "blue"}})
    assert answer["AssumedRoleUser"]["Arn"].endswith(":assumed-role/worker/s1")
    given = answer["Credentials"]
    session = server.client("sts", given["AccessKeyId"], given["SecretAccessKey"], given["SessionToken"])
    assert session.get_caller_identity()["Arn"] == answer["AssumedRoleUser"]["Arn"]
    credential = server.installation.execution.credentials.find(given["AccessKeyId"], given["SessionToken"])
    assert credential is not None
    assert credential.session is not None
    assert dict(credential.session.provider_keys) == {"idp.example.com:sub": "ann"}
    assert dict(credential.session.tags) == {"team": "blue"}


def test_the_event_says_for_whom_it_vouched_and_belongs_to_the_account(server: InProcessServer, arn: str) -> None:
    assume(server, arn, sub="ann")
    event, account = audit(server)[-1], arn.split(":")[4]
    provider = f"arn:aws:iam::{account}:oidc-provider/idp.example.com"
    assert event["userIdentity"] == {
        "type": "WebIdentityUser",
        "principalId": f"{provider}:app:ann",
        "userName": "ann",
        "identityProvider": provider,
    }
    assert event["recipientAccountId"] == account


def test_a_denial_names_nobody(server: InProcessServer, arn: str) -> None:
    expected = ("AccessDenied", "Not authorized to perform sts:AssumeRoleWithWebIdentity")
    assert refused(server, arn, sub="mallory") == expected
    assert refused(server, arn.replace("worker", "nobody"), sub="ann") == expected
    assert audit(server)[-1]["userIdentity"]["userName"] == "ann"


def test_what_the_provider_sets_needs_its_own_permission(server: InProcessServer, arn: str) -> None:
    told = refused(server, arn, sub="ann", session={"source_identity": "ann"})
    assert told == ("AccessDenied", "Not authorized to perform sts:SetSourceIdentity")


@pytest.mark.parametrize(
    "session",
    [
        {"tags": {f"k{number}": "" for number in range(51)}},
        {"tags": {"": "v"}},
        {"tags": {"k" * 129: "v"}},
        {"tags": {"k": "v" * 257}},
        {"tags": {"k": "\n"}},
        {"tags": {"aws:k": "v"}},
        {"tags": {"k": "1", "K": "2"}},
        {"tags": {"k": "1"}, "transitive_tag_keys": ["other"]},
    ],
)
def test_what_a_provider_claims_has_the_limits_of_what_a_request_asks(
    server: InProcessServer, arn: str, session: Mapping[str, Any]
) -> None:
    code, _ = refused(server, arn, sub="ann", session=session)
    assert code == "InvalidParameterValue"


def test_as_many_and_as_long_tags_as_there_may_be_are_taken(server: InProcessServer, arn: str) -> None:
    assume(server, arn, sub="ann", session={"tags": {f"k{number}": "" for number in range(50)}})
    assume(server, arn, sub="ann", session={"tags": {"k" * 128: "v" * 256}, "transitive_tag_keys": ["K" * 128]})


def test_a_session_that_does_not_fit_into_a_token_is_refused(server: InProcessServer, arn: str) -> None:
    code, _ = refused(server, arn, sub="ann", session={"tags": {f"k{number}": "v" * 200 for number in range(50)}})
    assert code == "PackedPolicyTooLarge"


def test_a_provider_that_is_gone_by_then_vouches_for_nobody(
    server: InProcessServer, arn: str, provider: Provider, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(provider, "gone", True)
    assert refused(server, arn, sub="ann")[0] == "InvalidClientTokenId"


def test_who_is_refused_by_the_preparation_is_nobody(server: InProcessServer, arn: str) -> None:
    assert refused(server, arn, sub="ann", forged=True) == ("InvalidIdentityToken", "It is forged.")
    assert audit(server)[-1]["userIdentity"]["accountId"] == "ANONYMOUS_PRINCIPAL"


def test_somebody_must_find_out_who_calls_and_something_decide() -> None:
    sts = Service("sts", fault_codes=CODES)

    def nothing(call: FederatedCall, given: Any) -> Answer:
        return {}

    def public(call: FederatedCall, given: Any) -> Target[()]:
        return Target(arn="*", account="", found=())

    with pytest.raises(ValueError, match="nothing finds out"):
        sts.read("AssumeRoleWithWebIdentity", on=public, authenticate=Authenticate.FEDERATED)(nothing)
    with pytest.raises(ValueError, match="nothing decides"):
        sts.read(
            "AssumeRoleWithWebIdentity",
            on=anybody,
            authenticate=Authenticate.FEDERATED,
            prepare=Preparation(pool=POOL, work=Provider().vouch),
        )(nothing)
