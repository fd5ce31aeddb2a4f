"""AssumeRoleWithSAML: an assertion, a provider, a role that trusts it, and what becomes of the session."""

from __future__ import annotations

import base64
import hashlib
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest

from carnet.catalog.actions import action
from carnet.entities.redeemed_assertion import RedeemedAssertion
from carnet.entities.role import Role
from carnet.jobs.expired import forget_expired
from carnet.services.sts.saml_attributes import _KEYS
from carnet.store.leases import Lease
from carnet.store.rows.redeemed_assertions import expired
from tests.saml import idp
from tests.saml.idp import AWS, Answer
from tests.services.sts.federation import MINUTE, Federation
from tests.services.sts.trust import assume, role, trusting
from tests.services.wire import fits_the_model
from tests.services.world import START, ServiceError, World

DENIED = ("AccessDenied", "Not authorized to perform sts:AssumeRoleWithSAML")
TAG_TOO_LONG = "The key or the value of a session tag is too long or has characters that tags may not have."
INVALID, EXPIRED = "InvalidIdentityToken", "ExpiredTokenException"


@pytest.fixture
def federation(world: World) -> Federation:
    return Federation(world)


def test_what_is_answered(federation: Federation) -> None:
    world = federation.world
    answer = federation.assume(federation.answer(attributes={f"{AWS}SourceIdentity": ["alice"]}))
    assert fits_the_model("AssumeRoleWithSAML", answer, service="sts")
    named = f"{idp.ISSUER}{world.account_id}/idp".encode()
    told = {name: answer[name] for name in ("Audience", "Issuer", "NameQualifier", "Subject", "SubjectType")}
    assert told == {
        "Audience": idp.RECIPIENT,
        "Issuer": idp.ISSUER,
        "NameQualifier": base64.b64encode(hashlib.sha1(named).digest()).decode(),
        "Subject": "alice",
        "SubjectType": "persistent",
    }
    assert answer["AssumedRoleUser"]["Arn"] == (
        f"arn:aws:sts::{world.account_id}:assumed-role/reader/alice@example.com"
    )
    assert answer["Credentials"]["Expiration"] == START + timedelta(hours=1)
    assert answer["SourceIdentity"] == "alice"
    assert "PackedPolicySize" not in answer


def test_the_session_has_the_roles_permissions_and_goes_on_having_its_keys(federation: Federation) -> None:
    world = federation.world
    session = world.session(federation.assume())
    assert world.call(session, "ListUsers")["Users"] == []
    condition = {"StringEquals": {"saml:sub": "alice", "saml:sub_type": "persistent"}}
    second = role(world, "second", trusting(world.account_id, condition=condition))
    assume(world, session, second)
    other = role(world, "other", trusting(world.account_id, condition={"StringEquals": {"saml:sub": "bob"}}))
    with pytest.raises(ServiceError, match="AccessDenied"):
        assume(world, session, other)


def test_aws_managed_session_policies_narrow_it(federation: Federation) -> None:
    session = federation.world.session(
        federation.assume(PolicyArns=[{"arn": "arn:aws:iam::aws:policy/AmazonS3ReadOnlyAccess"}])
    )
    with pytest.raises(ServiceError, match="no session policy allows"):
        federation.world.call(session, "ListUsers")


class TestDuration:
    @pytest.mark.parametrize(
        ("asked", "attribute", "end", "seconds"),
        [
            (None, None, None, 3600),
            (7200, None, None, 7200),
            (7200, "1800", None, 1800),
            (None, "7200", None, 3600),
            (None, None, START + 10 * MINUTE, 600),
            (None, "1800", START + 10 * MINUTE, 600),
        ],
    )
    def test_the_shortest_counts(
        self, federation: Federation, asked: int | None, attribute: str | None, end: datetime | None, seconds: int
    ) -> None:
        given: dict[str, Any] = {} if asked is None else {"DurationSeconds": asked}
        attributes = {} if attribute is None else {f"{AWS}SessionDuration": [attribute]}
        answer = federation.assume(federation.answer(attributes=attributes, session_end=end), **given)
        assert answer["Credentials"]["Expiration"] == START + timedelta(seconds=seconds)

    def test_the_roles_own_limit(self, federation: Federation) -> None:
        code, message = federation.refused(DurationSeconds=7201)
        assert code == "ValidationError"
        assert message == "The requested DurationSeconds exceeds the MaxSessionDuration set for this role."

    @pytest.mark.parametrize("value", ["899", "43201", "long", "٩٠٠"])
    def test_an_attribute_that_is_no_duration(self, federation: Federation, value: str) -> None:
        code, message = federation.refused(federation.answer(attributes={f"{AWS}SessionDuration": [value]}))
        assert (code, message) == (INVALID, "SessionDuration in AuthnResponse must be between 900 and 43200")


class TestRoles:
    @pytest.mark.parametrize("pair", ["{role},{provider}", "{provider},{role}", " {role} , {provider} "])
    def test_a_pair_in_either_order(self, federation: Federation, pair: str) -> None:
        value = pair.format(role=federation.role, provider=federation.provider)
        other = f"arn:aws:iam::{federation.world.account_id}:role/other,{federation.provider}"
        federation.assume(federation.answer(attributes={f"{AWS}Role": [other, value]}))

    @pytest.mark.parametrize(
        "values",
        [
            None,
            [],
            ["{role}"],
            ["{role}x,{provider}"],
            ["{role},{provider}x"],
            ["{role},{role}"],
            ["{role};{provider}"],
        ],
    )
    def test_no_pair_of_role_and_provider(self, federation: Federation, values: list[str] | None) -> None:
        filled = values and [value.format(role=federation.role, provider=federation.provider) for value in values]
        assert federation.refused(federation.answer(attributes={f"{AWS}Role": filled})) == DENIED

    def test_a_role_that_does_not_trust_the_provider(self, federation: Federation) -> None:
        other = role(federation.world, "other")
        assert federation.refused(role=other) == DENIED

    def test_a_role_that_is_not_there(self, federation: Federation) -> None:
        assert federation.refused(role=f"arn:aws:iam::{federation.world.account_id}:role/nobody") == DENIED

    def test_a_role_of_another_account_even_if_it_trusts_the_provider(self, federation: Federation) -> None:
        root = federation.world.account()
        assert federation.refused(role=federation.trusting_role("theirs", root=root)) == DENIED

    def test_roles_of_iam_identity_center(self, federation: Federation) -> None:
        """Whatever such a role trusts. Nobody can make one through IAM."""
        world, name = federation.world, "AWSReservedSSO_Admin_0123456789abcdef"
        arn = federation.trusting_role("reserved")
        made = world.snapshot.accounts[world.account_id].of(Role).named("reserved")
        assert made is not None
        with world.installation.store.write() as unit:
            unit.save(replace(made, name=name))
        world.installation.directory.catch_up()
        assert federation.refused(role=arn.replace("role/reserved", f"role/{name}")) == DENIED

    @pytest.mark.parametrize(
        ("given", "code", "message"),
        [
            ({"RoleArn": "arn:aws:iam::1:role/x"}, "ValidationError", "arn:aws:iam::1:role/x is invalid"),
            ({"PrincipalArn": "not an arn, or so it seems"}, "ValidationError", "Request ARN is invalid"),
            ({"PrincipalArn": "arn:aws:iam::123456789012:role/idp"}, "ValidationError", "Request ARN is invalid"),
            (
                {"PrincipalArn": "arn:aws:iam::123456789012:saml-provider/idp"},
                INVALID,
                "Specified provider doesn't exist",
            ),
        ],
    )
    def test_arns_that_name_nothing(
        self, federation: Federation, given: dict[str, str], code: str, message: str
    ) -> None:
        assert federation.refused(**given) == (code, message)


class TestTrustPolicy:
    @pytest.mark.parametrize(
        ("condition", "allowed"),
        [
            ({"StringEquals": {"saml:aud": idp.RECIPIENT}}, True),
            ({"StringEquals": {"SAML:aud": idp.RECIPIENT}}, True),
            ({"StringEquals": {"saml:aud": idp.AUDIENCE}}, False),
            ({"StringEquals": {"saml:iss": idp.ISSUER, "saml:sub": "alice"}}, True),
            ({"StringEquals": {"saml:sub": "bob"}}, False),
            ({"ForAnyValue:StringEquals": {"saml:edupersonaffiliation": "staff"}}, True),
            ({"ForAllValues:StringEquals": {"saml:edupersonaffiliation": "staff"}}, False),
            ({"StringLike": {"saml:mail": "*@example.com"}}, True),
            ({"StringEquals": {"sts:RoleSessionName": "alice@example.com"}}, True),
            ({"StringEquals": {"saml:organizationStatus": "here"}}, False),
        ],
    )
    def test_conditions(self, world: World, condition: dict[str, Any], allowed: bool) -> None:
        federation = Federation(world, condition=condition)
        attributes = {
            "urn:oid:1.3.6.1.4.1.5923.1.1.1.1": ["staff", "member"],
            "0.9.2342.19200300.100.1.3": ["alice@example.com"],
        }
        answer = federation.answer(attributes=attributes)
        if allowed:
            federation.assume(answer)
        else:
            assert federation.refused(answer) == DENIED

    def test_every_key_of_the_reference_is_filled(self, federation: Federation) -> None:
        listed = action("sts:AssumeRoleWithSAML")
        assert listed is not None
        wanted = {key for key in listed.condition_keys if key.startswith("saml:")}
        own = {f"saml:{name}" for name in ("aud", "iss", "sub", "sub_type", "namequalifier", "doc")}
        assert wanted == {*_KEYS.values(), *own}
        condition = {"Null": dict.fromkeys(wanted, "false")}
        everything = federation.trusting_role("everything", condition=condition)
        answer = federation.answer(everything, attributes={name: ["x"] for name in _KEYS})
        federation.assume(answer, role=everything)
        assert federation.refused(federation.answer(everything, id="_other"), role=everything) == DENIED

    def test_the_first_of_two_attributes_of_one_key_counts(self, world: World) -> None:
        federation = Federation(world, condition={"StringEquals": {"saml:surname": "first"}})
        claim = "http://schemas.xmlsoap.org/ws/2005/05/identity/claims/surname"
        federation.assume(federation.answer(attributes={claim: ["first", "other"], "2.5.4.4": ["second"]}))


class TestSession:
    def test_tags(self, federation: Federation) -> None:
        attributes = {
            f"{AWS}PrincipalTag:Project": ["Marketing"],
            f"{AWS}PrincipalTag:Empty": [""],
            f"{AWS}TransitiveTagKeys": ["Project"],
        }
        answer = federation.assume(federation.answer(attributes=attributes))
        assert answer["PackedPolicySize"] == 1
        given = answer["Credentials"]
        credentials = federation.world.installation.execution.credentials
        credential = credentials.find(given["AccessKeyId"], given["SessionToken"])
        assert credential is not None
        assert credential.session is not None
        assert dict(credential.session.tags) == {"Project": "Marketing", "Empty": ""}
        assert credential.session.transitive_tag_keys == ("Project",)
        assert credential.session.provider == federation.provider

    @pytest.mark.parametrize("attribute", ["PrincipalTag:Project", "SourceIdentity"])
    def test_tags_and_source_identity_need_their_own_permission(self, federation: Federation, attribute: str) -> None:
        plain = federation.trusting_role("plain", actions=["sts:AssumeRoleWithSAML"])
        federation.assume(role=plain)
        code, message = federation.refused(
            federation.answer(plain, id="_other", attributes={f"{AWS}{attribute}": ["alice"]}), role=plain
        )
        assert code == "AccessDenied"
        assert message.startswith("Not authorized to perform sts:")

    @pytest.mark.parametrize(
        ("attributes", "code", "message"),
        [
            ({"RoleSessionName": None}, INVALID, "RoleSessionName is required in AuthnResponse"),
            (
                {"RoleSessionName": ["John Doe"]},
                INVALID,
                "RoleSessionName in AuthnResponse must match [a-zA-Z_0-9+=,.@-]{2,64}",
            ),
            (
                {"RoleSessionName": ["one", "two"]},
                INVALID,
                "RoleSessionName in AuthnResponse must match [a-zA-Z_0-9+=,.@-]{2,64}",
            ),
            (
                {"SourceIdentity": ["aws:alice"]},
                INVALID,
                'Source Identity must match [a-zA-Z_0-9+=,.@-]{2,64} and not begin with "aws:"',
            ),
            (
                {"SourceIdentity": ["x" * 65]},
                INVALID,
                'Source Identity must match [a-zA-Z_0-9+=,.@-]{2,64} and not begin with "aws:"',
            ),
            (
                {"PrincipalTag:k": ["one", "two"]},
                INVALID,
                "A PrincipalTag attribute in AuthnResponse must have one value",
            ),
            (
                {"PrincipalTag:aws:k": ["v"]},
                "InvalidParameterValue",
                "System tags cannot be added or updated by requester.",
            ),
            (
                {f"PrincipalTag:k{number}": ["v"] for number in range(51)},
                "InvalidParameterValue",
                "A session can have at most 50 session tags.",
            ),
            *(
                ({f"PrincipalTag:{key}": [value]}, "InvalidParameterValue", TAG_TOO_LONG)
                for key, value in (("k" * 129, "v"), ("k", "v" * 257), ("k", "v!"), ("k!", "v"))
            ),
        ],
    )
    def test_what_no_session_may_have(
        self, federation: Federation, attributes: dict[str, Any], code: str, message: str
    ) -> None:
        named = {f"{AWS}{name}": values for name, values in attributes.items()}
        assert federation.refused(federation.answer(attributes=named)) == (code, message)


class TestRedeemedOnce:
    def test_for_a_role(self, federation: Federation) -> None:
        text = idp.post(federation.answer())
        federation.assume(text)
        assert federation.refused(text) == (INVALID, "The SAML assertion has been redeemed for this role before.")

    def test_whatever_else_the_response_says(self, federation: Federation) -> None:
        answer = federation.answer()
        federation.assume(answer)
        again = idp.encoded(idp.signed(idp.with_signed_assertion(answer.but(destination=None))))
        assert federation.refused(again)[0] == INVALID

    def test_for_each_role_that_it_lists(self, federation: Federation) -> None:
        second = federation.trusting_role("second")
        pairs = [f"{each},{federation.provider}" for each in (federation.role, second)]
        text = idp.post(federation.answer(attributes={f"{AWS}Role": pairs}))
        federation.assume(text)
        federation.assume(text, role=second)
        assert federation.refused(text, role=second)[0] == INVALID

    def test_who_was_refused_may_try_again(self, federation: Federation) -> None:
        text = idp.post(federation.answer())
        assert federation.refused(text, DurationSeconds=7201)[0] == "ValidationError"
        federation.assume(text)

    def test_what_was_redeemed_is_forgotten_when_it_is_good_no_longer(self, federation: Federation) -> None:
        world, store = federation.world, federation.world.installation.store
        federation.assume()
        assert len(world.snapshot.accounts[world.account_id].of(RedeemedAssertion)) == 1
        lease = store.leases.take("redeemed", "test")
        assert isinstance(lease, Lease)
        assert list(forget_expired(store, lease, expired=expired)) == [None]
        world.installation.directory.catch_up()
        assert len(world.snapshot.accounts[world.account_id].of(RedeemedAssertion)) == 0


@pytest.mark.parametrize(("hours", "kept"), [(23, True), (25, False)])
def test_a_database_whose_clock_is_ahead_forgets_none_that_is_good(world: World, hours: int, kept: bool) -> None:
    store = world.installation.store
    expires = store.clock() - timedelta(hours=hours)
    with store.write() as unit:
        unit.add(RedeemedAssertion(id="one", account=world.account_id, expires=expires))
    lease = store.leases.take("redeemed", "test")
    assert isinstance(lease, Lease)
    list(forget_expired(store, lease, expired=expired))
    world.installation.directory.catch_up()
    assert len(world.snapshot.accounts[world.account_id].of(RedeemedAssertion)) == kept


def test_five_minutes_and_no_longer(federation: Federation) -> None:
    text = idp.post(federation.answer())
    federation.world.clock.advance(299)
    federation.assume(text)
    federation.world.clock.advance(1)
    assert federation.refused(text) == (EXPIRED, "Token must be redeemed within 5 minutes of issuance")


@pytest.mark.parametrize(
    "recipient",
    [
        "https://signin.aws.amazon.com/saml",
        "https://us-east-1.signin.aws.amazon.com/saml",
        "https://signin.aws.amazon.com/static/saml",
        "http://127.0.0.1:4747/saml",
        "https://signin.amazonaws.cn/saml",
        "https://signin.aws.amazon.com/saml/acs/OTHER",
    ],
)
def test_recipients(federation: Federation, recipient: str) -> None:
    answer = federation.answer(recipient=recipient, destination=recipient)
    if "amazonaws.cn" in recipient or "OTHER" in recipient:
        assert federation.refused(answer)[0] == INVALID
    else:
        assert federation.assume(answer)["Audience"] == recipient


def test_a_forged_assertion_is_refused_before_anything_is_asked_of_policies(federation: Federation) -> None:
    forged = idp.post(federation.answer(), idp.signer("mallory"))
    assert federation.refused(forged) == (INVALID, "Response signature invalid")


def test_a_provider_whose_metadata_is_expired_vouches_for_nobody(federation: Federation) -> None:
    federation.world.call(
        federation.world.root,
        "UpdateSAMLProvider",
        SAMLProviderArn=federation.provider,
        SAMLMetadataDocument=idp.metadata(valid_until="2026-01-02T03:04:05Z"),
    )
    assert federation.refused() == (INVALID, "The metadata of the SAML provider is expired.")


def test_new_metadata_and_the_removal_of_a_provider_act_at_once(federation: Federation) -> None:
    world = federation.world
    document = idp.metadata(idp.signer("new"))
    world.call(world.root, "UpdateSAMLProvider", SAMLProviderArn=federation.provider, SAMLMetadataDocument=document)
    assert federation.refused() == (INVALID, "Response signature invalid")
    federation.assume(idp.post(federation.answer(), idp.signer("new")))
    world.call(world.root, "DeleteSAMLProvider", SAMLProviderArn=federation.provider)
    assert federation.refused() == (INVALID, "Specified provider doesn't exist")


def test_an_encrypted_assertion_names_the_provider_in_its_recipient(world: World) -> None:
    own = idp.rsa_key("own")
    federation = Federation(world, AddPrivateKey=idp.pem(own), AssertionEncryptionMode="Required")
    uuid = world.call(world.root, "GetSAMLProvider", SAMLProviderArn=federation.provider)["SAMLProviderUUID"]
    address = f"https://signin.aws.amazon.com/saml/acs/{uuid}"

    def post(answer: Answer) -> str:
        return idp.encoded(idp.encrypted(idp.with_signed_assertion(answer), own.public_key()))

    assert federation.refused(post(federation.answer()))[0] == INVALID
    named = federation.answer(recipient=address, destination=address)
    assert federation.refused(named) == (INVALID, "The SAML provider requires encrypted assertions.")
    assert federation.assume(post(named))["Audience"] == address
