"""Access keys whose id and secret the document gives."""

from __future__ import annotations

from enum import StrEnum

from carnet.entities import access_key as rules
from carnet.identity.new_access_key import GivenKey
from carnet.policy.case_members import Members, Misread, as_list
from carnet.provisioning.wanted import WantedKey

_KNOWN = ("AccessKeyId", "SecretAccessKey", "Status")


class Status(StrEnum):
    """https://docs.aws.amazon.com/IAM/latest/APIReference/API_AccessKeyMetadata.html"""

    ACTIVE = "Active"
    INACTIVE = "Inactive"


def read_keys(given: Members, name: str) -> tuple[WantedKey, ...]:
    """The keys in a list of that name; raises Misread. No complaint repeats a secret."""
    keys = as_list(given.get(name) or (), given.at(name))
    return tuple(_key(Members.of(key, f"{given.at(name)}[{at}]", known=_KNOWN)) for at, key in enumerate(keys))


def _key(given: Members) -> WantedKey:
    key_id, secret = given.text("AccessKeyId"), given.text("SecretAccessKey")
    if not rules.is_access_key_id(key_id):
        raise Misread.at(given.at("AccessKeyId"), f"cannot be {key_id!r}: {rules.ID_RULE}")
    if not rules.is_secret_access_key(secret):
        raise Misread.at(given.at("SecretAccessKey"), f"is none: {rules.SECRET_RULE}")
    status = given.word("Status", Status) or Status.ACTIVE
    return WantedKey(place=given.path, given=GivenKey(id=key_id, secret=secret), active=status is Status.ACTIVE)
