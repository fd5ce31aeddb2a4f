"""Attacks on single sign-on and sign-in, and the tests that show that each fails. A test that is renamed is found here.

Codes (1 to 5), devices (6 to 9), refresh tokens (10 to 13), the access portal (14 to 17), SCIM (18 to 20),
administration (21 to 27), console URLs (28 to 30), federation (31 to 34), and what leaks (35, 36).
"""

from __future__ import annotations

import pytest

from tests.attacks.shown import is_there

OIDC, CONSOLE, ADMIN = "services/sso_oidc", "console", "services/sso_admin"
ATTACKS: dict[str, tuple[str, ...]] = {
    "1 a code is used again": (
        f"{OIDC}/test_code.py::test_a_code_that_is_used_twice_ends_the_session",
        f"{CONSOLE}/test_login_consent.py::test_a_code_that_is_used_twice_ends_the_session",
        "stores/test_sign_in_nodes.py::test_attack_1_a_code_that_is_used_on_another_node_ends_the_session",
        f"{CONSOLE}/test_sign_in_races.py::test_attack_1_a_code_that_is_used_many_times_at_once",
    ),
    "2 another verifier, or the method plain": (
        f"{OIDC}/test_code.py::test_a_code_is_bound_to_verifier_and_redirect",
        f"{OIDC}/test_with_iam.py::test_pkce_is_undone_by_neither_half",
        f"{CONSOLE}/test_login_consent.py::test_other_questions_are_not_asked",
    ),
    "3 another redirect URI": (
        f"{OIDC}/test_clients.py::test_nothing_else_of_a_redirect_is",
        f"{OIDC}/test_clients.py::test_attack_3_no_address_elsewhere_is_registered",
        f"{OIDC}/test_with_iam.py::test_attack_3_a_code_goes_to_the_redirect_uris_of_the_application_alone",
    ),
    "4 another client's code": (
        f"{OIDC}/test_code.py::test_a_code_is_bound_to_its_client",
        f"{OIDC}/test_with_iam.py::test_a_code_lives_for_a_minute_and_is_of_its_application",
    ),
    "5 a state with line ends": (f"{OIDC}/test_code.py::test_what_sends_the_browser_nowhere",),
    "6 codes of devices are guessed at once": (
        f"{CONSOLE}/test_sso_consent.py::test_codes_are_not_guessed",
        f"{CONSOLE}/test_sso_consent.py::test_attack_6_codes_are_not_guessed_from_many_networks",
    ),
    "7 another client's device code": (f"{OIDC}/test_device.py::test_a_code_of_another_client_is_worth_nothing",),
    "8 approval by another page, or in a frame": (
        f"{CONSOLE}/test_sso_consent.py::test_nobody_consents_from_another_page",
        f"{CONSOLE}/test_several_people.py::test_a_client_asks_a_person_beside_an_administrator",
        f"{CONSOLE}/test_pages.py::test_pages_are_framed_by_nobody_and_load_nothing_from_elsewhere",
    ),
    "9 a page that does not say who asks": (f"{OIDC}/test_device.py::test_the_page_can_tell_which_device_asks",),
    "10 a refresh token after the grace, on two nodes": (
        f"{OIDC}/test_code.py::test_a_refresh_token_that_comes_after_the_grace_ends_the_session",
        "stores/test_sign_in_nodes.py::test_attack_10_a_refresh_token_used_again_ends_the_session_on_both_nodes",
        f"{CONSOLE}/test_sign_in_races.py::test_attack_10_a_refresh_token_that_is_used_many_times_at_once",
    ),
    "11 another client's refresh token": (
        f"{OIDC}/test_code.py::test_a_refresh_token_is_its_clients",
        f"{OIDC}/test_with_iam.py::test_a_refresh_token_is_of_its_application",
    ),
    "12 proofs of a key that are missing, old, used or another's": (
        "bearer/test_dpop.py::test_its_claims_are_of_this_request",
        "bearer/test_dpop.py::test_its_header_is_the_one_that_is_asked_for",
        "bearer/test_dpop.py::test_no_other_signature_is_taken",
        "bearer/test_dpop.py::test_a_proof_is_taken_for_five_minutes",
        "bearer/test_dpop.py::test_another_curve_is_refused",
        f"{CONSOLE}/test_hostile_fields.py::test_the_time_of_a_proof",
        f"{CONSOLE}/test_sign_in_races.py::test_attack_12_a_proof_that_is_used_many_times_at_once",
        f"{CONSOLE}/test_login_consent.py::test_a_proof_counts_once",
        f"{CONSOLE}/test_login_consent.py::test_a_refresh_token_is_worth_nothing_without_the_key",
    ),
    "13 after another password or device, or a Deny": (
        f"{CONSOLE}/test_login_consent.py::test_a_changed_password_ends_it",
        f"{CONSOLE}/test_login_consent.py::test_the_mfa_that_was_given_counts_and_its_device_binds",
        f"{CONSOLE}/test_login_consent.py::test_a_deny_ends_it_at_the_next_refresh",
    ),
    "14 another instance's token": (
        f"{OIDC}/test_portal.py::test_other_tokens_are_none",
        f"{OIDC}/test_portal.py::test_a_token_for_something_else_is_none_for_the_portal",
        f"{OIDC}/test_portal.py::test_attack_14_a_token_from_before_a_restore_is_none",
    ),
    "15 a role that is not assigned": (f"{OIDC}/test_portal.py::test_what_is_not_assigned_is_forbidden",),
    "16 what goes between list and get": (
        f"{OIDC}/test_portal.py::test_what_goes_between_list_and_get_is_gone",
        f"{OIDC}/test_portal.py::test_who_is_disabled_has_no_token_any_more",
        f"{ADMIN}/test_sessions.py::test_a_session_ends_with_what_it_rests_on",
    ),
    "17 a bearer token as a session token": (
        f"{OIDC}/test_portal.py::test_a_bearer_is_no_session_token",
        f"{OIDC}/test_portal.py::test_other_tokens_are_none",
    ),
    "18 another tenant's SCIM token, or a deleted one": (
        "scim/test_api.py::test_a_token_is_good_for_its_own_tenant_alone",
        "scim/test_api.py::test_a_deleted_token_opens_nothing_at_once_and_two_are_the_most",
        "scim/test_api.py::test_a_token_is_good_for_a_year",
    ),
    "19 a person is taken over by an equal address": (
        "scim/test_api.py::test_nobody_takes_a_person_over_by_an_equal_email_address",
    ),
    "20 deep filters and long bodies": (
        "scim/test_users.py::test_other_filters_are_refused",
        "scim/test_api.py::test_a_body_is_so_long",
    ),
    "21 a member account writes": (
        f"{ADMIN}/test_instances.py::test_who_sees_the_instance_of_the_organization",
        f"{ADMIN}/test_permission_sets.py::test_another_account_reaches_no_instance",
    ),
    "22 a delegate assigns in the management account": (
        f"{ADMIN}/test_assignments.py::test_a_delegated_administrator_has_no_say_over_it",
    ),
    "23 an assignment there without the rights of IAM": (
        f"{ADMIN}/test_assignments.py::test_who_has_no_rights_of_iam_assigns_nothing_there",
    ),
    "24 a reserved role is changed, or imitated": (
        f"{ADMIN}/test_reserved.py::test_a_reserved_role_is_not_changed",
        f"{ADMIN}/test_reserved.py::test_nobody_makes_a_role_that_looks_like_one",
        f"{ADMIN}/test_reserved.py::test_nobody_makes_a_provider_that_looks_like_one",
    ),
    "25 an assertion of the reserved provider from outside": (
        f"{ADMIN}/test_reserved.py::test_no_assertion_from_outside_is_good",
    ),
    "26 attributes with signs of policies, or too long": (
        f"{ADMIN}/test_sessions.py::test_an_attribute_that_no_tag_may_have_gives_no_session",
    ),
    "27 user names that no session has": (
        f"{ADMIN}/test_sessions.py::test_a_user_name_that_is_no_session_name_gets_none",
        f"{OIDC}/test_portal.py::test_a_name_that_no_session_has_gets_no_credentials",
    ),
    "28 long-term, chained and expired credentials": (
        f"{CONSOLE}/test_federation.py::test_attack_28_long_term_credentials_make_no_url",
        f"{CONSOLE}/test_federation.py::test_attack_28_a_session_of_get_session_token_makes_no_url",
        f"{CONSOLE}/test_federation.py::test_attack_28_a_chained_session_has_no_duration_of_its_own",
        f"{CONSOLE}/test_federation.py::test_attack_28_expired_and_wrong_keys_make_no_url",
    ),
    "29 a destination elsewhere": (f"{CONSOLE}/test_federation.py::test_attack_29_nobody_is_sent_elsewhere",),
    "30 a URL after the session was revoked": (
        f"{CONSOLE}/test_federation.py::test_attack_30_a_revoked_session_is_worth_nothing",
        f"{CONSOLE}/test_federation.py::test_a_token_counts_once_and_for_a_quarter_of_an_hour",
    ),
    "31 a trusted issuer elsewhere, for others, or of two users": (
        f"{OIDC}/test_with_iam.py::test_attack_31_an_issuer_at_a_metadata_address_is_not_asked",
        f"{OIDC}/test_with_iam.py::test_attack_31_an_assertion_that_is_not_for_the_application",
        f"{OIDC}/test_with_iam.py::test_attack_31_an_assertion_of_two_users_is_of_none",
        "oidc/test_issuers.py::test_addresses_that_are_not_public",
    ),
    "32 wrapped signatures, comments in names": (
        "saml/test_response.py::test_wrapped_signatures_are_refused",
        "saml/test_response.py::test_a_signed_comment_in_the_name_is_refused",
        "saml/test_assertion.py::test_attributes_of_one_name_are_one_and_a_name_id_counts_as_its_text",
    ),
    "33 an assertion comes again": (
        f"{OIDC}/test_with_iam.py::test_attack_33_an_assertion_counts_once",
        "stores/test_redeemed_once.py::test_a_second_node_does_not_take_it",
        f"{CONSOLE}/test_sign_in_races.py::test_attack_33_an_answer_that_comes_many_times_at_once",
    ),
    "34 a session is fixed before the sign-in": (
        f"{CONSOLE}/test_sign_in.py::test_a_new_session_is_another_one",
        f"{CONSOLE}/test_provider_sign_in.py::test_attack_34_nobody_is_signed_in_by_what_another_browser_has_asked_for",
        f"{CONSOLE}/test_several_people.py::test_what_is_set_under_another_name_is_no_session",
    ),
    "35 who there is, is tried out": (
        f"{CONSOLE}/test_sign_in.py::test_nobody_learns_what_was_wrong",
        f"{CONSOLE}/test_people.py::test_nobody_learns_who_there_is",
    ),
    "36 tokens in the log, in the referrer, in the history": (
        f"{CONSOLE}/test_login_consent.py::test_nothing_of_it_is_in_the_log_or_the_store",
        f"{CONSOLE}/test_federation.py::test_neither_credentials_nor_tokens_are_in_the_log",
        f"{CONSOLE}/test_pages.py::test_attack_36_no_form_is_sent_in_an_address",
        f"{CONSOLE}/test_pages.py::test_pages_are_framed_by_nobody_and_load_nothing_from_elsewhere",
    ),
}
"""An attack, with its number, and the tests."""


@pytest.mark.parametrize("attack", ATTACKS, ids=lambda name: name.partition(" ")[0])
def test_each_attack_has_its_tests(attack: str) -> None:
    assert [named for named in ATTACKS[attack] if not is_there(named)] == []
