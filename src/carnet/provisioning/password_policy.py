"""The password policy of an account: as GetAccountPasswordPolicy describes it, and what leads to it.

https://docs.aws.amazon.com/IAM/latest/APIReference/API_GetAccountPasswordPolicy.html
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from carnet.entities.password_policy import PasswordPolicy
from carnet.policy.case_members import Members
from carnet.provisioning.members import whole
from carnet.provisioning.steps import Invoke, Step
from carnet.services.iam.password_policies import wanted_policy

_NUMBERS = ("MinimumPasswordLength", "MaxPasswordAge", "PasswordReusePrevention")
_FLAGS = (
    *("RequireSymbols", "RequireNumbers", "RequireUppercaseCharacters", "RequireLowercaseCharacters"),
    *("AllowUsersToChangePassword", "HardExpiry"),
)
_OF_THE_ANSWER = ("ExpirePasswords",)
"""What follows from MaxPasswordAge."""


def read_password_policy(given: Members, name: str) -> Mapping[str, bool | int] | None:
    """The input of UpdateAccountPasswordPolicy; None if nothing is said of it, empty if it shall be AWS's default."""
    if name not in given.values:
        return None
    if given.get(name) is None:
        return {}
    policy = Members.of(given.get(name), given.at(name), known=(*_NUMBERS, *_FLAGS, *_OF_THE_ANSWER))
    found: dict[str, bool | int] = {each: policy.flag(each) for each in _FLAGS}
    found |= {each: whole(value, policy.at(each)) for each in _NUMBERS if (value := policy.get(each)) is not None}
    return found


def password_policy_steps(present: PasswordPolicy | None, wanted: Mapping[str, bool | int] | None) -> Iterator[Step]:
    """Set or delete it, if it is another."""
    if wanted is None:
        return
    if wanted and wanted_policy(wanted) != present:
        yield Invoke(name="UpdateAccountPasswordPolicy", given=wanted)
    elif not wanted and present is not None:
        yield Invoke(name="DeleteAccountPasswordPolicy", given={})
