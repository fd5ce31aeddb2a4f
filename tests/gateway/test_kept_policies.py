"""Policies of resources are kept here, bind whoever asks, and are told to no upstream."""

from __future__ import annotations

import json
from functools import partial
from typing import Any

import pytest

from carnet.services.accounts import NewAccounts, create_accounts
from tests.gateway.behind import EVERYTHING, KEY_ID, Behind, refusal
from tests.gateway.fake_aws import Told

SECRET = "arn:aws:secretsmanager:us-east-1:{}:secret:s-abcdef"
TABLE = "arn:aws:dynamodb:us-east-1:{}:table/t"
TOPIC = "arn:aws:sns:us-east-1:{}:news"


def policy(*statements: dict[str, Any]) -> str:
    return json.dumps({"Version": "2012-10-17", "Statement": statements})


def everybody_of(account: str, action: str, effect: str = "Allow", **more: Any) -> dict[str, Any]:
    principal = {"AWS": f"arn:aws:iam::{account}:root"}
    return {"Effect": effect, "Principal": principal, "Action": action, "Resource": "*"} | more


@pytest.fixture
def told(behind: Behind) -> Behind:
    """The upstream has one of each."""
    secret = {"ARN": SECRET.format(behind.account), "Name": "s"}
    behind.aws.answers["DescribeKey"] = Told(body={"KeyMetadata": {"Arn": behind.key_arn()}})
    behind.aws.answers["Decrypt"] = Told(body={"KeyId": behind.key_arn()})
    behind.aws.answers["DescribeSecret"] = Told(body=secret)
    behind.aws.answers["DescribeTable"] = Told(body={"Table": {"TableName": "t"}})
    return behind


@pytest.fixture(scope="module")
def other(shared: Behind) -> tuple[str, str, str]:
    """Another account, and the key of its root user."""
    parts = shared.server.installation
    (made,) = create_accounts(
        parts.store,
        parts.keyring,
        parts.ids,
        NewAccounts(names=["other"], emails=["other@example.com"], partition="aws"),
        now=parts.clock(),
    )
    parts.directory.catch_up()
    return made.account, made.access_key_id, made.secret_access_key


def test_a_key_has_the_default_policy_until_one_is_put(told: Behind) -> None:
    key = told.server.installation.ids.uuid()
    told.aws.answers["DescribeKey"] = Told(body={"KeyMetadata": {"Arn": told.key_arn(key)}})
    kms, mine = told.client("kms"), policy(everybody_of(told.account, "kms:*"))
    assert json.loads(kms.get_key_policy(KeyId=key)["Policy"])["Id"] == "key-default-1"
    assert kms.list_key_policies(KeyId=key)["PolicyNames"] == ["default"]
    kms.put_key_policy(KeyId=key, Policy=mine)
    assert json.loads(kms.get_key_policy(KeyId=key)["Policy"]) == json.loads(mine)
    put = [event["eventID"] for event in told.events() if event["eventName"] == "PutKeyPolicy"]
    assert put
    assert len(put) == len(set(put)), "a change is in the log once"
    assert set(told.aws.operations) == {"DescribeKey"}
    assert told.last_event()["eventName"] == "GetKeyPolicy"


def test_a_key_policy_alone_opens_a_key(told: Behind) -> None:
    """Without the statement that leaves it to IAM no identity-based policy has a say; and the root user has."""
    root = told.server.client("kms")
    alice = f"arn:aws:iam::{told.account}:user/alice"
    only_root = policy({"Effect": "Allow", "Principal": {"AWS": alice}, "Action": "kms:Decrypt", "Resource": "*"})
    error = refusal(root.put_key_policy, KeyId=KEY_ID, Policy=only_root)
    assert error["Code"] == "MalformedPolicyDocumentException"
    assert "will not allow you to update the key policy" in error["Message"]
    root.put_key_policy(KeyId=KEY_ID, Policy=only_root, BypassPolicyLockoutSafetyCheck=True)
    assert refusal(told.client("kms").encrypt, KeyId=KEY_ID, Plaintext=b"x")["Code"] == "AccessDeniedException"
    told.allow({"Effect": "Allow", "Action": "iam:*", "Resource": "*"})
    told.client("kms").decrypt(KeyId=KEY_ID, CiphertextBlob=KEY_ID.encode() + b" the rest")
    error = refusal(root.put_key_policy, KeyId=KEY_ID, Policy=policy(everybody_of(told.account, "kms:*")))
    assert error["Code"] == "AccessDeniedException"


def test_who_puts_the_policy_of_a_table_has_to_confirm_to_shut_himself_out(told: Behind) -> None:
    table, of = told.client("dynamodb"), {"ResourceArn": TABLE.format(told.account) + "-own"}
    alice = {"AWS": f"arn:aws:iam::{told.account}:user/alice"}
    putting = {"Effect": "Allow", "Principal": alice, "Action": "dynamodb:PutResourcePolicy", "Resource": "*"}
    without = policy({**putting, "Action": "dynamodb:GetItem"})
    put = partial(table.put_resource_policy, **of)
    put(Policy=policy(putting))
    told.allow({**EVERYTHING, "Action": "iam:*"})
    for confirmed in ({}, {"ConfirmRemoveSelfResourceAccess": False}):
        error = refusal(put, Policy=without, **confirmed)
        assert error["Code"] == "AccessDeniedException"
        assert error["Message"].startswith("The new resource policy will not allow you to update")
    put(Policy=without, ConfirmRemoveSelfResourceAccess=True)
    assert refusal(put, Policy=policy(putting))["Message"].endswith("allows the dynamodb:PutResourcePolicy action")


def test_the_policy_of_a_table_is_changed_at_the_revision_that_is_expected(told: Behind) -> None:
    table, arn = told.client("dynamodb"), TABLE.format(told.account) + "-revised"
    put, mine = partial(table.put_resource_policy, ResourceArn=arn), policy(everybody_of(told.account, "dynamodb:*"))
    missing = "Resource-based policy not found for the provided ResourceArn: "
    requested = f"{missing}Requested update for policy with revision id 7, but "
    assert refusal(table.get_resource_policy, ResourceArn=arn)["Message"] == missing + arn
    error = refusal(put, Policy=mine, ExpectedRevisionId="7")
    assert error["Message"] == f"{requested}table t-revised has no associated policy."
    first = put(Policy=mine, ExpectedRevisionId="NO_POLICY")["RevisionId"]
    assert refusal(put, Policy=mine, ExpectedRevisionId="NO_POLICY")["Message"] == (
        f"{missing}Requested policy update expecting none to be present for table t-revised, but a policy exists with "
        f"revision id {first}."
    )
    error = refusal(table.delete_resource_policy, ResourceArn=arn, ExpectedRevisionId="7")
    assert error["Message"] == f"{requested}the policy associated to target table t-revised has revision id {first}."
    second = put(Policy=policy(everybody_of(told.account, "dynamodb:GetItem")), ExpectedRevisionId=first)["RevisionId"]
    taken_away = table.delete_resource_policy(ResourceArn=arn, ExpectedRevisionId=second)
    assert taken_away["RevisionId"] == second != first
    assert "RevisionId" not in table.delete_resource_policy(ResourceArn=arn)


def test_a_public_policy_of_a_secret_is_blocked_if_its_author_asks_for_it(told: Behind) -> None:
    secrets, of = told.client("secretsmanager"), {"SecretId": SECRET.format(told.account)}
    public = policy({**everybody_of(told.account, "secretsmanager:GetSecretValue"), "Principal": "*"})
    error = refusal(secrets.put_resource_policy, **of, ResourcePolicy=public, BlockPublicPolicy=True)
    assert error["Code"] == "PublicPolicyException"
    assert error["Message"] == "You can not attach a resource policy that grants Public access to your secret."
    assert "ResourcePolicy" not in secrets.get_resource_policy(**of)
    mine = policy(everybody_of(told.account, "secretsmanager:GetSecretValue"))
    secrets.put_resource_policy(**of, ResourcePolicy=mine, BlockPublicPolicy=True)
    secrets.put_resource_policy(**of, ResourcePolicy=public)
    secrets.delete_resource_policy(**of)


@pytest.mark.parametrize(
    ("service", "put", "named", "member", "arn", "get", "delete"),
    [
        (
            "secretsmanager",
            "put_resource_policy",
            "SecretId",
            "ResourcePolicy",
            SECRET,
            "get_resource_policy",
            "delete_resource_policy",
        ),
        (
            "dynamodb",
            "put_resource_policy",
            "ResourceArn",
            "Policy",
            TABLE,
            "get_resource_policy",
            "delete_resource_policy",
        ),
    ],
)
def test_policies_that_come_and_go(
    told: Behind, service: str, put: str, named: str, member: str, arn: str, get: str, delete: str
) -> None:
    client, of = told.client(service), {named: arn.format(told.account)}
    mine = policy(everybody_of("111122223333", f"{service}:*"))
    getattr(client, put)(**of, **{member: mine})
    assert json.loads(getattr(client, get)(**of)[member]) == json.loads(mine)
    getattr(client, delete)(**of)
    if service == "dynamodb":
        assert refusal(getattr(client, get), **of)["Code"] == "PolicyNotFoundException"
    else:
        assert member not in getattr(client, get)(**of)
    assert not [sent for sent in told.aws.operations if "Policy" in sent]


def test_a_deny_of_the_resource_binds_its_own_account(told: Behind) -> None:
    secrets, of = told.client("secretsmanager"), {"SecretId": SECRET.format(told.account)}
    deny = everybody_of(told.account, "secretsmanager:GetSecretValue", "Deny")
    secrets.put_resource_policy(**of, ResourcePolicy=policy(deny))
    error = refusal(secrets.get_secret_value, **of)
    assert error["Message"].endswith("with an explicit deny in a resource-based policy")
    secrets.delete_resource_policy(**of)
    secrets.get_secret_value(**of)


@pytest.mark.parametrize("named", ["s", SECRET, SECRET.removesuffix("-abcdef")])
def test_the_id_of_a_secret_is_its_arn_whatever_names_it(told: Behind, named: str) -> None:
    secrets, of = told.client("secretsmanager"), {"SecretId": named.format(told.account)}
    arn, as_named = (
        {"Condition": {"StringEquals": {"secretsmanager:SecretId": one}}} for one in (SECRET.format(told.account), "s")
    )
    told.allow({**EVERYTHING, **arn}, {**EVERYTHING, "Action": "kms:*"})
    secrets.get_secret_value(**of)
    told.allow(EVERYTHING, {"Effect": "Deny", "Action": "secretsmanager:*", "Resource": "*", **as_named})
    secrets.get_secret_value(**of)
    told.allow(EVERYTHING, {"Effect": "Deny", "Action": "secretsmanager:*", "Resource": "*", **arn})
    assert refusal(secrets.get_secret_value, **of)["Message"].endswith("explicit deny in an identity-based policy")
    assert told.aws.operations[-1] == "DescribeSecret"


def test_another_account_needs_the_consent_of_both(told: Behind, other: tuple[str, str, str]) -> None:
    account, *key = other
    theirs = told.server.client("secretsmanager", *key)
    of = {"SecretId": SECRET.format(told.account)}
    assert refusal(theirs.get_secret_value, **of)["Code"] == "AccessDeniedException"
    told.client("secretsmanager").put_resource_policy(
        **of, ResourcePolicy=policy(everybody_of(account, "secretsmanager:GetSecretValue"))
    )
    described = told.aws.answers["DescribeSecret"]
    sealing = told.key_arn(KEY_ID.replace("1234abcd", "feedf00d"))
    assert refusal(theirs.get_secret_value, **of)["Message"] == "Access to KMS is not allowed", "by AWS's own key"
    told.aws.answers["DescribeSecret"] = Told(body={**described.body, "KmsKeyId": sealing})
    assert refusal(theirs.get_secret_value, **of)["Code"] == "AccessDeniedException"
    decrypting = {**everybody_of(account, "kms:Decrypt"), "Resource": "*"}
    put = told.client("kms").put_key_policy
    put(KeyId=sealing, Policy=policy(everybody_of(told.account, "kms:*"), decrypting))
    theirs.get_secret_value(**of)
    sent = told.aws.requests[-1]
    assert (sent.operation, sent.headers["x-moto-account-id"]) == ("GetSecretValue", told.account)
    assert refusal(theirs.delete_secret, **of)["Code"] == "AccessDeniedException"
    told.client("secretsmanager").delete_resource_policy(**of)


@pytest.mark.parametrize("action", ["sns:Publish", "SNS:publish", "sns:Get*", "sns:Receive"])
def test_what_the_policy_of_a_topic_may_name(told: Behind, action: str) -> None:
    given = {"TopicArn": TOPIC.format(told.account), "AttributeName": "Policy"}
    value = policy(everybody_of(told.account, action))
    told.client("sns").set_topic_attributes(**given, AttributeValue=value)


def test_what_is_said_of_a_principal_that_does_not_exist(told: Behind) -> None:
    def nobody(action: str) -> str:
        return policy(everybody_of("111122223333", action)).replace("111122223333:root", f"{told.account}:user/nobody")

    sns, sqs, secrets = (told.client(name) for name in ("sns", "sqs", "secretsmanager"))
    url = f"http://x/{told.account}/said"
    topic = {"TopicArn": TOPIC.format(told.account), "AttributeName": "Policy"}
    secret = {"SecretId": SECRET.format(told.account)}
    for call, given, code, sentence in (
        (
            sns.set_topic_attributes,
            {**topic, "AttributeValue": nobody("sns:Publish")},
            "InvalidParameter",
            "Invalid parameter: Policy Error: PrincipalNotFound",
        ),
        (
            sqs.set_queue_attributes,
            {"QueueUrl": url, "Attributes": {"Policy": nobody("sqs:SendMessage")}},
            "InvalidAttributeValue",
            "Invalid value for the parameter Policy.",
        ),
        (
            secrets.put_resource_policy,
            {**secret, "ResourcePolicy": nobody("secretsmanager:GetSecretValue")},
            "MalformedPolicyDocumentException",
            "This resource policy contains an unsupported principal.",
        ),
    ):
        error = refusal(call, **given)
        assert (error["Code"], error["Message"]) == (code, sentence)


@pytest.mark.parametrize(
    "action", ["sns:*", "SNS:*", "*", "sns:**", "sns:CreateTopic", "SNS:ListTopics", "kms:Decrypt", "sqs:Publish"]
)
def test_the_policy_of_a_topic_is_about_no_more_than_it_names(told: Behind, action: str) -> None:
    value, sns = policy(everybody_of(told.account, action)), told.client("sns")
    for call, given in (
        (sns.set_topic_attributes, {"TopicArn": TOPIC.format(told.account), "AttributeName": "Policy"}),
        (sns.create_topic, {"Name": "news", "Attributes": {"Policy": value}}),
    ):
        error = refusal(call, **given, **({} if "Attributes" in given else {"AttributeValue": value}))
        assert error["Code"] == "InvalidParameter"
        assert error["Message"] == "Invalid parameter: Policy statement action out of service scope!"
    assert "CreateTopic" not in told.aws.operations


def test_a_topic_takes_a_policy_as_an_attribute(told: Behind, other: tuple[str, str, str]) -> None:
    account, *key = other
    topic = TOPIC.format(told.account)
    for name in ("Publish", "SetTopicAttributes"):
        told.aws.answers[name] = Told(body=f"<{name}Response><{name}Result/></{name}Response>".encode())
    theirs = told.server.client("sns", *key)
    assert refusal(theirs.publish, TopicArn=topic, Message="m")["Code"] == "AuthorizationError"
    value = policy(everybody_of(account, "sns:Publish"))
    told.client("sns").set_topic_attributes(TopicArn=topic, AttributeName="Policy", AttributeValue=value)
    theirs.publish(TopicArn=topic, Message="m")
    told.client("sns").set_topic_attributes(TopicArn=topic, AttributeName="Policy", AttributeValue="")
    assert refusal(theirs.publish, TopicArn=topic, Message="m")["Code"] == "AuthorizationError"
    told.client("sns").set_topic_attributes(TopicArn=topic, AttributeName="DisplayName", AttributeValue="x")
    assert told.aws.operations.count("SetTopicAttributes") == 1  # of the name


def test_a_principal_that_is_made_again_is_another_one(told: Behind) -> None:
    iam, of = told.server.client("iam"), {"SecretId": SECRET.format(told.account)}
    iam.create_user(UserName="bob")
    bob = f"arn:aws:iam::{told.account}:user/bob"
    allow = {"Effect": "Allow", "Principal": {"AWS": bob}, "Action": "secretsmanager:*", "Resource": "*"}
    secrets = told.client("secretsmanager")
    secrets.put_resource_policy(**of, ResourcePolicy=policy(allow))
    for is_first in (True, False):
        key = iam.create_access_key(UserName="bob")["AccessKey"]
        client = told.server.client("secretsmanager", key["AccessKeyId"], key["SecretAccessKey"])
        if is_first:
            client.get_secret_value(**of)
            iam.delete_access_key(UserName="bob", AccessKeyId=key["AccessKeyId"])
            iam.delete_user(UserName="bob")
            iam.create_user(UserName="bob")
        else:
            assert refusal(client.get_secret_value, **of)["Code"] == "AccessDeniedException"
    shown = json.loads(secrets.get_resource_policy(**of)["ResourcePolicy"])
    assert shown["Statement"][0]["Principal"]["AWS"].startswith("AIDA")
    secrets.delete_resource_policy(**of)


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("{", ""),
        ("[]", ""),
        (policy({"Effect": "Allow", "Action": "kms:*", "Resource": "*"}), ""),
        (
            policy(everybody_of("111122223333", "kms:*")).replace("111122223333:root", "{}:user/nobody"),
            "Policy contains a statement with one or more invalid principals.",
        ),
        (policy(everybody_of("111122223333", "kms:*", Sid="x" * 33_000)), "longer than"),
    ],
)
def test_what_is_no_policy_changes_nothing(told: Behind, text: str, sentence: str) -> None:
    kms, arn = told.server.client("kms"), "1" * 8 + KEY_ID[8:]
    told.aws.answers["DescribeKey"] = Told(body={"KeyMetadata": {"Arn": told.key_arn(arn)}})
    error = refusal(kms.put_key_policy, KeyId=arn, Policy=text.replace("{}:user", f"{told.account}:user"))
    assert (error["Code"], error["status"]) == ("MalformedPolicyDocumentException", 400)
    assert sentence in error["Message"]
    assert json.loads(kms.get_key_policy(KeyId=arn)["Policy"])["Id"] == "key-default-1"


def test_a_resource_that_is_not_there_has_no_policy(told: Behind) -> None:
    told.aws.answers["DescribeKey"] = Told(body={"__type": "NotFoundException", "message": "no"}, status=400)
    arn = "2" * 8 + KEY_ID[8:]
    mine = policy(everybody_of(told.account, "kms:*"))
    assert refusal(told.client("kms").put_key_policy, KeyId=arn, Policy=mine)["Code"] == "NotFoundException"
    assert refusal(told.client("kms").get_key_policy, KeyId=arn)["Code"] == "NotFoundException"


def test_who_may_not_put_a_policy(told: Behind) -> None:
    told.allow(EVERYTHING, {"Effect": "Deny", "Action": "kms:*Policy*", "Resource": "*"})
    arn = "3" * 8 + KEY_ID[8:]
    mine = policy(everybody_of(told.account, "kms:*"))
    assert refusal(told.client("kms").put_key_policy, KeyId=arn, Policy=mine)["Code"] == "AccessDeniedException"
    assert refusal(told.client("kms").get_key_policy, KeyId=arn)["Code"] == "AccessDeniedException"
    assert told.aws.requests == []


def xml(name: str, inner: str = "") -> Told:
    return Told(body=f"<{name}Response><{name}Result>{inner}</{name}Result></{name}Response>".encode())


def test_a_key_is_made_with_its_policy(told: Behind) -> None:
    made = "4" * 8 + KEY_ID[8:]
    told.aws.answers["CreateKey"] = Told(body={"KeyMetadata": {"KeyId": made, "Arn": told.key_arn(made)}})
    mine = policy(everybody_of(told.account, "kms:*"), everybody_of("111122223333", "kms:Decrypt"))
    assert told.client("kms").create_key(Policy=mine, Description="d")["KeyMetadata"]["KeyId"] == made
    (sent,) = told.aws.requests
    assert sent.json == {"Description": "d"}
    assert json.loads(told.client("kms").get_key_policy(KeyId=made)["Policy"]) == json.loads(mine)
    event = next(event for event in told.events() if event["eventName"] == "CreateKey")
    assert event["additionalEventData"]["decisions"][0]["action"] == "kms:CreateKey"


def test_a_key_is_not_made_with_a_policy_that_is_none(told: Behind) -> None:
    kms = told.client("kms")
    for text in ("{", policy(everybody_of("111122223333", "kms:*"))):
        assert refusal(kms.create_key, Policy=text)["Code"] == "MalformedPolicyDocumentException"
    assert told.aws.requests == []


def test_queues_have_policies_among_their_attributes(told: Behind, other: tuple[str, str, str]) -> None:
    account, *key = other
    sqs, url = told.client("sqs"), f"http://x/{told.account}/orders"
    theirs = told.server.client("sqs", *key)
    consent = policy(everybody_of(account, "sqs:SendMessage"))
    told.aws.answers["GetQueueAttributes"] = Told(body={"Attributes": {"QueueArn": "arn", "Policy": "the upstream's"}})
    sqs.create_queue(QueueName="orders", Attributes={"DelaySeconds": "1", "Policy": consent})
    assert told.aws.requests[-1].json["Attributes"] == {"DelaySeconds": "1"}
    theirs.send_message(QueueUrl=url, MessageBody="m")
    shown = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["All"])["Attributes"]
    assert (shown["QueueArn"], json.loads(shown["Policy"])) == ("arn", json.loads(consent))
    sqs.set_queue_attributes(QueueUrl=url, Attributes={"DelaySeconds": "2", "Policy": ""})
    assert told.aws.requests[-1].json["Attributes"] == {"DelaySeconds": "2"}
    assert refusal(theirs.send_message, QueueUrl=url, MessageBody="m")["Code"] == "AccessDenied"
    sqs.set_queue_attributes(QueueUrl=url, Attributes={"Policy": consent})
    assert told.aws.requests[-1].operation == "GetQueueAttributes"
    theirs.send_message(QueueUrl=url, MessageBody="m")
    assert (
        refusal(sqs.set_queue_attributes, QueueUrl=url, Attributes={"Policy": "{"})["Code"] == "InvalidAttributeValue"
    )
    theirs.send_message(QueueUrl=url, MessageBody="m")


def test_topics_are_made_and_shown_with_their_policies(told: Behind) -> None:
    topic = TOPIC.format(told.account).replace("news", "other")
    attribute = "<Attributes><entry><key>{}</key><value>{}</value></entry></Attributes>"
    told.aws.answers["CreateTopic"] = xml("CreateTopic", f"<TopicArn>{topic}</TopicArn>")
    told.aws.answers["GetTopicAttributes"] = xml("GetTopicAttributes", attribute.format("Policy", "the upstream's"))
    sns, mine = told.client("sns"), policy(everybody_of("111122223333", "sns:Publish"))
    assert sns.get_topic_attributes(TopicArn=topic)["Attributes"] == {"Policy": "the upstream's"}
    assert sns.create_topic(Name="other", Attributes={"Policy": mine, "DisplayName": "o"})["TopicArn"] == topic
    assert b"DisplayName" in told.aws.requests[-1].body
    assert b"Policy" not in told.aws.requests[-1].body
    assert json.loads(sns.get_topic_attributes(TopicArn=topic)["Attributes"]["Policy"]) == json.loads(mine)


def test_a_policy_of_a_secret_is_validated_and_not_put(told: Behind) -> None:
    """Whom it lets in, and whether who asks could put another. The upstream is asked for nothing but the secret."""
    told.allow({"Effect": "Allow", "Action": "secretsmanager:*", "Resource": "*"})
    secrets, alice = told.client("secretsmanager"), f"arn:aws:iam::{told.account}:user/alice"
    validate = partial(secrets.validate_resource_policy, SecretId="s")
    fine = everybody_of(told.account, "secretsmanager:GetSecretValue")
    public = {**fine, "Principal": "*"}
    locks = {"Effect": "Deny", "Principal": {"AWS": alice}, "Action": "secretsmanager:*", "Resource": "*"}
    answer = validate(ResourcePolicy=policy(fine))
    assert (answer["PolicyValidationPassed"], answer["ValidationErrors"]) == (True, [])
    answer = validate(ResourcePolicy=policy(public, locks))
    assert not answer["PolicyValidationPassed"]
    assert {one["CheckName"]: one["ErrorMessage"] for one in answer["ValidationErrors"]} == {
        "BlockPublicPolicyCheck": "You can not attach a resource policy that grants Public access to your secret.",
        "LockOutCheck": "This resource policy will not allow you to manage this secret in the future.",
    }
    assert not secrets.validate_resource_policy(ResourcePolicy=policy(locks))["PolicyValidationPassed"]
    nobody = {**fine, "Principal": {"AWS": f"arn:aws:iam::{told.account}:user/nobody"}}
    error = refusal(validate, ResourcePolicy=policy(nobody))
    assert error["Code"] == "MalformedPolicyDocumentException"
    assert error["Message"] == "This resource policy contains an unsupported principal."
    for text in ("{}", "{", policy({**fine, "Effect": "AllowSomething"})):
        for call in (validate, partial(secrets.put_resource_policy, SecretId="s")):
            error = refusal(call, ResourcePolicy=text)
            assert error["Code"] == "MalformedPolicyDocumentException"
            assert error["Message"] == "This resource policy contains a syntax error."
    assert "ResourcePolicy" not in secrets.get_resource_policy(SecretId="s")
    assert set(told.aws.operations) == {"DescribeSecret"}
    assert "ValidateResourcePolicy" in [event["eventName"] for event in told.events()]


def test_who_may_not_put_a_policy_is_not_told_about_one(told: Behind) -> None:
    told.allow({"Effect": "Allow", "Action": "secretsmanager:ValidateResourcePolicy", "Resource": "*"})
    validate = told.client("secretsmanager").validate_resource_policy
    mine = policy(everybody_of(told.account, "secretsmanager:GetSecretValue"))
    for given in ({"SecretId": "s"}, {}):
        error = refusal(validate, ResourcePolicy=mine, **given)
        assert error["Code"] == "AccessDeniedException"
        assert "secretsmanager:PutResourcePolicy" in error["Message"]
