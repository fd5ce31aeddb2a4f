"""The password policy of an account.

https://docs.aws.amazon.com/IAM/latest/UserGuide/id_credentials_passwords_account-policy.html
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from carnet.base.faults import Missing
from carnet.entities.password_policy import PasswordPolicy
from carnet.services.iam import password_sentences, shapes
from carnet.services.iam.service import iam
from carnet.services.operation import Answer, Call, WriteCall, account_wide

if TYPE_CHECKING:
    from types_boto3_iam.type_defs import UpdateAccountPasswordPolicyRequestTypeDef


@iam.write("UpdateAccountPasswordPolicy", on=account_wide)
def update_account_password_policy(call: WriteCall, given: UpdateAccountPasswordPolicyRequestTypeDef) -> Answer:
    """Set the whole password policy. Settings that are not given return to their defaults."""
    policy = wanted_policy(given)
    if policy != call.view.account.password_policy:
        call.store.save(replace(call.view.account, password_policy=policy))
    return {}


def wanted_policy(given: Mapping[str, Any]) -> PasswordPolicy:
    """The password policy in the input of UpdateAccountPasswordPolicy."""
    default = PasswordPolicy()
    return PasswordPolicy(
        minimum_length=given.get("MinimumPasswordLength", default.minimum_length),
        require_symbols=given.get("RequireSymbols", default.require_symbols),
        require_numbers=given.get("RequireNumbers", default.require_numbers),
        require_uppercase=given.get("RequireUppercaseCharacters", default.require_uppercase),
        require_lowercase=given.get("RequireLowercaseCharacters", default.require_lowercase),
        allow_users_to_change=given.get("AllowUsersToChangePassword", default.allow_users_to_change),
        max_age_days=given.get("MaxPasswordAge", default.max_age_days),
        reuse_prevention=given.get("PasswordReusePrevention", default.reuse_prevention),
        hard_expiry=given.get("HardExpiry", default.hard_expiry),
    )


@iam.read("GetAccountPasswordPolicy", on=account_wide)
def get_account_password_policy(call: Call, given: Any) -> Answer:
    """The password policy that was set. Raises Missing while AWS's default applies."""
    return {"PasswordPolicy": shapes.password_policy(_password_policy(call))}


@iam.write("DeleteAccountPasswordPolicy", on=account_wide)
def delete_account_password_policy(call: WriteCall, given: Any) -> Answer:
    """Return to AWS's default password policy."""
    if call.view.account.password_policy is None:
        raise Missing(password_sentences.POLICY_OF_PASSWORDS_TO_REMOVE_MISSING)
    call.store.save(replace(call.view.account, password_policy=None))
    return {}


def _password_policy(call: Call) -> PasswordPolicy:
    policy = call.view.account.password_policy
    if policy is None:
        raise Missing(password_sentences.password_policy_missing(call.account))
    return policy
