"""Attacks on the gateway, and the tests that show that each fails. A test that is renamed is found here.

Requests that are read in two ways (1 to 14, 25), what changes between decision and use (15 to 17), policies that are
more than they seem (18, 19), what is hidden among other things (20, 21), what refusals tell (22), upstreams that lie
(23, 24).
"""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

from tests.attacks.shown import is_there
from tests.gateway.behind import EVERYTHING, KEY_ID, Behind, a_gateway, refusal
from tests.gateway.fake_aws import Told

S3, GATEWAY = "attacks/test_gateway_s3.py", "gateway"
SERVICES = f"{GATEWAY}/test_gateway.py"
ATTACKS: dict[str, tuple[str, ...]] = {
    "1 an upstream that ignores what it does not know": (
        "attacks/test_gateway_profiles.py::test_1_an_upstream_is_asked_for_nothing_that_it_does_not_know",
        f"{S3}::test_1_a_sub_resource_that_the_upstream_does_not_know_deletes_nothing",
        f"{SERVICES}::test_what_the_profile_does_not_list_is_not_sent",
    ),
    "2 two sub-resources, a field twice, an empty version": (
        f"{S3}::test_2_a_query_string_that_is_read_in_two_ways",
        f"{GATEWAY}/test_s3_requests.py::test_what_the_query_string_hides_is_decided_or_refused",
    ),
    "3 a path that stores read otherwise": (
        f"{S3}::test_3_a_path_that_is_read_in_two_ways",
        "protocols/test_s3_routing.py::test_a_part_of_a_key_that_stores_leave_out_is_refused_but_for_stores_that_do_not",
        "protocols/test_s3_routing.py::test_a_path_that_is_not_well_formed_is_refused",
        f"{GATEWAY}/test_s3_requests.py::test_what_the_path_hides_is_decided_or_refused",
    ),
    "4 two signatures, one that covers too little, is late, or of another method": (
        f"{S3}::test_4_a_signature_is_in_one_place_and_covers_all",
        f"{S3}::test_4_a_presigned_request_ends",
        f"{GATEWAY}/test_s3_addressing.py::test_what_could_be_read_in_two_ways_is_refused",
    ),
    "5 a body that is not its hash": (
        f"{S3}::test_5_a_body_that_is_not_its_hash",
        f"{S3}::test_5_a_policy_that_is_not_its_hash",
        f"{GATEWAY}/test_payload.py::test_the_end_waits_for_the_hash",
        f"{GATEWAY}/test_long_requests.py::test_a_body_that_is_not_the_signed_one_is_refused",
    ),
    "6 chunks and trailers that nobody has signed so": (
        f"{S3}::test_6_chunks_that_are_not_right_leave_nothing_behind",
        f"{GATEWAY}/test_payload.py::test_chunks_that_nobody_signed_are_refused",
        "sigv4/test_chunks.py::test_a_body_may_not_end_early_nor_go_on",
    ),
    "7 a length that is told in two ways": (
        f"{S3}::test_7_a_length_that_is_told_in_two_ways",
        "attacks/test_http.py::test_transfer_coding_that_another_reader_takes_in_another_way_cve_2024_1135",
    ),
    "8 signed for one service, meant for another": (
        f"{S3}::test_8_what_is_signed_for_another_service_is_not_for_s3",
        "sigv4/test_attacks.py::test_signature_made_for_another_service_cve_2025_65073",
        f"{SERVICES}::test_what_contradicts_itself_is_not_sent",
    ),
    "9 an action that is told twice": (
        "attacks/test_gateway.py::test_9_an_action_is_told_once",
        f"{SERVICES}::test_what_contradicts_itself_is_not_sent",
    ),
    "10 members twice, in another case, too deep": (
        "attacks/test_gateway.py::test_10_a_member_in_another_case_is_none",
        f"{SERVICES}::test_what_contradicts_itself_is_not_sent",
    ),
    "11 headers that only the upstream knows": (
        f"{S3}::test_11_headers_that_only_the_upstream_knows_do_not_pass",
        "attacks/test_gateway.py::test_11_the_account_is_told_by_nobody_else",
        f"{GATEWAY}/test_rebuild.py::test_nothing_else_passes",
    ),
    "12 the Host of somewhere else": (
        f"{S3}::test_12_the_host_leads_nowhere",
        "attacks/test_http.py::test_a_strange_target_is_refused_and_nothing_is_fetched",
    ),
    "13 the source of a copy": (
        f"{S3}::test_13_the_source_of_a_copy_is_decided_as_it_is_read",
        f"{S3}::test_13_the_source_is_sent_as_it_was_decided",
        f"{GATEWAY}/test_s3_requests.py::test_a_copy_that_could_be_read_in_two_ways_is_refused",
        f"{GATEWAY}/test_s3_buckets.py::test_the_source_of_a_copy_is_read_in_its_own_owners_account",
        f"{GATEWAY}/test_s3_keys.py::test_no_other_object_is_copied_that_takes_the_place_of_the_source",
    ),
    "14 a batch with a forbidden key": (
        f"{S3}::test_14_a_batch_with_what_is_forbidden",
        f"{GATEWAY}/test_s3_buckets.py::test_only_the_keys_that_may_be_deleted_are_sent",
    ),
    "15 another key than the ciphertext's, an alias that is moved meanwhile": (
        f"{SERVICES}::test_a_ciphertext_tells_its_key",
        f"{SERVICES}::test_what_was_decrypted_with_another_key_is_not_handed_out",
        f"{SERVICES}::test_a_ciphertext_does_not_tell_its_key_everywhere",
        f"{SERVICES}::test_an_alias_is_looked_up_and_leads_nowhere_else_afterwards",
    ),
    "16 two accounts make one bucket, and a crash before it is known": (
        f"{GATEWAY}/test_buckets.py::test_two_accounts_want_one_name",
        f"{GATEWAY}/test_buckets.py::test_a_name_that_is_taken_where_nobody_looks_is_not_given_away",
        f"{GATEWAY}/test_buckets.py::test_what_a_crash_has_left_is_settled_by_asking_the_upstream",
        f"{GATEWAY}/test_buckets.py::test_a_claim_that_was_released_meanwhile_is_not_confirmed",
    ),
    "17 a principal that is made again": (
        f"{GATEWAY}/test_bucket_policies.py::test_a_user_who_is_made_again_under_its_name_is_another_one",
        f"{GATEWAY}/test_kept_policies.py::test_a_principal_that_is_made_again_is_another_one",
        f"{GATEWAY}/test_grants.py::test_a_grantee_that_is_made_again_is_another_one",
    ),
    "18 a policy that is public in disguise": (
        f"{GATEWAY}/test_bucket_policies.py::test_a_public_policy_is_refused_under_a_block",
        f"{GATEWAY}/test_bucket_policies.py::test_a_public_policy_that_is_restricted_is_for_the_owners_account",
    ),
    "19 a look-up that fails under a negated condition": (
        f"{SERVICES}::test_a_look_up_that_fails_is_no_answer",
        f"{GATEWAY}/test_resource_keys.py::test_a_look_up_that_fails_is_no_absent_key",
        f"{GATEWAY}/test_s3_buckets.py::test_tags_that_cannot_be_read_are_not_taken_for_none",
    ),
    "20 a forbidden table in a batch or in PartiQL": (
        f"{SERVICES}::test_a_forbidden_table_among_others",
        f"{GATEWAY}/test_leading_keys.py::test_a_check_of_a_batch_has_its_part",
    ),
    "21 the URL of a foreign queue": (
        f"{SERVICES}::test_a_foreign_queue_url",
        f"{GATEWAY}/test_older_form.py::test_path_and_parameter_name_one_queue",
    ),
    "22 refusals that tell foreign names": (
        f"{SERVICES}::test_who_may_not_have_it_is_not_told_that_it_is_missing",
        "attacks/test_gateway.py::test_22_which_key_a_foreign_alias_is_of_is_not_told",
        f"{GATEWAY}/test_s3.py::test_whether_an_object_is_there_is_told_to_who_may_list",
        f"{GATEWAY}/test_other_services.py::test_a_denial_tells_no_foreign_names",
    ),
    "23 an upstream that dies in the middle": (
        f"{S3}::test_23_an_upstream_that_dies_is_never_a_short_success",
        f"{SERVICES}::test_an_answer_that_is_cut_is_never_a_success",
        f"{GATEWAY}/test_upstream.py::test_an_answer_that_stops_is_never_a_short_success",
    ),
    "24 an upstream whose headers begin another answer, or send elsewhere": (
        f"{S3}::test_24_an_upstream_cannot_answer_for_another_request",
        f"{S3}::test_24_an_upstream_sends_nobody_elsewhere",
        "attacks/test_gateway.py::test_24_an_upstream_sends_nobody_elsewhere",
        f"{GATEWAY}/test_relay.py::test_headers",
        f"{GATEWAY}/test_upstream.py::test_what_nobody_asked_for_is_no_answer_to_the_next",
    ),
    "25 forms, and Signature Version 2": (
        f"{S3}::test_25_what_is_no_form_and_old_signatures_are_refused",
        f"{GATEWAY}/test_forms.py::test_a_form_that_somebody_changed_is_refused",
        f"{GATEWAY}/test_forms.py::test_what_the_signer_may_not_do_the_form_may_not_either",
        f"{GATEWAY}/test_forms.py::test_signature_version_2_is_not_taken",
    ),
}
"""An attack, with its number, and the tests."""


@pytest.mark.parametrize("attack", ATTACKS, ids=lambda name: name.partition(" ")[0])
def test_each_attack_has_its_tests(attack: str) -> None:
    assert [named for named in ATTACKS[attack] if not is_there(named)] == []


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Behind]:
    with a_gateway(tmp_path_factory.mktemp("attacks")) as made:
        yield made


@pytest.fixture
def behind(shared: Behind) -> Behind:
    return shared.renew()


def post(behind: Behind, service: str, body: bytes, headers: dict[str, str], query: str = "") -> tuple[int, bytes]:
    """What no SDK would send, signed. The status of the answer, and its body."""
    url = f"{behind.server.endpoint}/{query}"
    request = AWSRequest(method="POST", url=url, data=body, headers=headers)
    SigV4Auth(Credentials(*behind.key), service, "us-east-1").add_auth(request)
    lines = [f"POST /{query} HTTP/1.1", f"host: 127.0.0.1:{behind.server.port}", f"content-length: {len(body)}"]
    lines += [f"{name}: {value}" for name, value in request.headers.items() if name.lower() != "host"]
    answer = behind.server.send("\r\n".join([*lines, "", ""]).encode() + body)
    return int(answer.split(b" ", 2)[1]), answer.partition(b"\r\n\r\n")[2]


FORM = {"content-type": "application/x-www-form-urlencoded"}


@pytest.mark.parametrize(
    ("query", "body"),
    [
        ("", b"Action=ListTopics&Action=DeleteTopic&Version=2010-03-31&TopicArn={}"),
        ("?Action=DeleteTopic", b"Action=ListTopics&Version=2010-03-31&TopicArn={}"),
        ("?Action=ListTopics", b"Action=DeleteTopic&Version=2010-03-31&TopicArn={}"),
        ("?TopicArn=arn:aws:sns:us-east-1:111122223333:t", b"Action=DeleteTopic&Version=2010-03-31&TopicArn={}"),
    ],
)
def test_9_an_action_is_told_once(behind: Behind, query: str, body: bytes) -> None:
    arn = f"arn:aws:sns:us-east-1:{behind.account}:t".encode()
    status, _ = post(behind, "sns", body.replace(b"{}", arn), FORM, query)
    assert 400 <= status < 500
    assert behind.aws.requests == []


@pytest.mark.parametrize("name", ["keyid", "KEYID", "keyId", "Keyid", "Key\\u0049d"])
def test_10_a_member_in_another_case_is_none(behind: Behind, name: str) -> None:
    """Some upstreams read names of members in any case, and take the last one."""
    other = KEY_ID.replace("1234abcd", "deadbeef")
    behind.allow(EVERYTHING, {"Effect": "Deny", "Action": "kms:*", "Resource": behind.key_arn(other)})
    body = f'{{"KeyId":"{KEY_ID}","{name}":"{other}"}}'.encode()
    status, _ = post(behind, "kms", body, {"x-amz-target": "TrentService.DescribeKey"})
    assert other.encode() not in b"".join(sent.body for sent in behind.aws.requests)
    assert status == (400 if "\\" in name else 200)


def test_11_the_account_is_told_by_nobody_else(behind: Behind) -> None:
    given = {"x-amz-target": "TrentService.DescribeKey", "x-moto-account-id": "111122223333", "x-forwarded-for": "a"}
    body = f'{{"KeyId":"{KEY_ID}"}}'.encode()
    assert post(behind, "kms", body, given)[0] == 200
    (sent,) = behind.aws.requests
    assert sent.headers["x-moto-account-id"] == behind.account
    assert "x-forwarded-for" not in sent.headers


def test_22_which_key_a_foreign_alias_is_of_is_not_told(behind: Behind) -> None:
    foreign = f"arn:aws:kms:us-east-1:111122223333:key/{KEY_ID}"
    behind.aws.answers["DescribeKey"] = Told(body={"KeyMetadata": {"Arn": foreign}})
    alias = "arn:aws:kms:us-east-1:111122223333:alias/theirs"
    body = f'{{"KeyId":"{alias}","Plaintext":"eA=="}}'.encode()
    status, told = post(behind, "kms", body, {"x-amz-target": "TrentService.Encrypt"})
    assert status == 400
    assert b"AccessDenied" in told
    assert KEY_ID.encode() not in told


@pytest.mark.parametrize("status", [300, 302, 304, 307])
def test_24_an_upstream_sends_nobody_elsewhere(behind: Behind, status: int) -> None:
    there = Told(status=status, body=b"", headers={"location": "http://elsewhere.example/"})
    behind.aws.answers |= {"ListSecrets": there, "DescribeKey": there}
    for service, call in (("secretsmanager", "list_secrets"), ("kms", "describe_key")):
        given = {"KeyId": KEY_ID} if service == "kms" else {}
        told = refusal(getattr(behind.client(service), call), **given)
        assert (told["Code"].removesuffix("Exception"), told["status"]) == ("ServiceUnavailable", 503)
        assert "the upstream sends its callers elsewhere" in told["Message"]
