"""Reads a document: accounts, each with the lists of GetAccountAuthorizationDetails, or one such list by itself.

https://docs.aws.amazon.com/IAM/latest/APIReference/API_GetAccountAuthorizationDetails.html

It is plain data, as JSON or YAML hold it, perhaps of a file that is meant to do harm: what is read has a limit, however
often YAML repeats a part of it.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

from carnet.base.arns import Arn, parse_arn
from carnet.entities import account as rules
from carnet.entities.entity import name_key
from carnet.entities.managed_policy import AWS_ACCOUNT
from carnet.policy.case_members import CaseFault, Members, Misread
from carnet.policy.json_text import JsonNumber
from carnet.provisioning import holders, identity_providers
from carnet.provisioning.keys import read_keys
from carnet.provisioning.members import Place, items, text
from carnet.provisioning.ordering import in_order
from carnet.provisioning.password_policy import read_password_policy
from carnet.provisioning.wanted import Document, Wanted, WantedAccount

MOST_VALUES = 2_000_000
"""An account at all of AWS's quotas has some hundred thousand."""
MOST_DEPTH = 64

_LISTS: Mapping[str, Callable[[object, Place], Iterator[Wanted | str]]] = {
    "Policies": holders.read_policy,
    "GroupDetailList": holders.read_group,
    "UserDetailList": holders.read_user,
    "OpenIDConnectProviderList": identity_providers.read_oidc_provider,
    "SAMLProviderList": identity_providers.read_saml_provider,
    "RoleDetailList": holders.read_role,
}
"""In the order in which entries are made: each rests on those before."""
_ACCOUNT = ("AccountId", "Name", "Email", "Alias", "PasswordPolicy", "RootAccessKeys")
_BEYOND_THE_ANSWER = ("Alias", "PasswordPolicy", "OpenIDConnectProviderList", "SAMLProviderList")
"""What an account has and GetAccountAuthorizationDetails does not tell of, though a document may."""
_OF_THE_ANSWER = ("IsTruncated", "Marker", "ResponseMetadata")
"""What an answer of GetAccountAuthorizationDetails has besides."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Home:
    """Where entries belong of which the document does not say so."""

    partition_of: Callable[[str], str]
    """Of the account of an id, or of one that is still to be made."""
    account: str | None
    """None if there are several accounts, or none."""
    copied: bool = False
    """Whether what is new is to be a copy: with the ids, and the versions of policies, that the document says."""


def read_document(data: object, home: Home) -> Document:
    """What plain data wants; raises Misread."""
    check_size(data)
    if isinstance(data, Mapping) and "Accounts" in data:
        members = Members.of(data, "", known=("Accounts",))
        accounts = [each for each, _ in items(members, "Accounts")]
        read = [
            _account(each, f".Accounts[{number}]", home, members=(*_ACCOUNT, *_LISTS))
            for number, each in enumerate(accounts)
        ]
        _refuse_repeated([account for account, _ in read], "account")
    else:
        read = [_account(data, "", home, members=(*_ACCOUNT, *_LISTS, *_OF_THE_ANSWER))]
    entries = [entry for account, below in read for entry in (account, *below) if isinstance(entry, Wanted)]
    left_out = [said for _, below in read for said in below if isinstance(said, str)]
    return Document(entries=in_order(entries), left_out=tuple(left_out))


def read_copy(data: object, home: Home, account: str | None) -> Document:
    """As `read_document`, of one account, with the id `account` instead of its own if that is given; raises Misread."""
    document = read_document(data, home)
    olds = {entry.account for entry in document.entries}
    if account is not None and olds != {account}:
        (old, *others) = olds
        if others or not isinstance(data, Mapping):
            raise Misread(CaseFault("", "the file holds several accounts, so that none of them can get another id"))
        document = read_document({**moved(data, old, account), "AccountId": account}, home)
    return replace(document, left_out=(*document.left_out, *_silence(data)))


def _silence(data: object) -> Iterator[str]:
    """What a file of one account says nothing of, as an answer of AWS does not."""
    if isinstance(data, Mapping) and "Accounts" not in data:
        lacking = [name for name in _BEYOND_THE_ANSWER if name not in data]
        if lacking:
            yield f"the file says nothing of {', '.join(lacking)}: what there is of that here stays as it is"


def moved(value: Any, old: str, new: str) -> Any:
    """Plain data in which another account's id stands wherever the old one does: alone, and as the account of an ARN.

    Text that holds JSON, percent-encoded or not, is changed in the same way.
    """
    within = re.compile(rf'({_ARN_BEFORE_ACCOUNT}|"|%22){old}(?=:|%3A|"|%22)')

    def of(value: Any) -> Any:
        if isinstance(value, str):
            return new if value == old else within.sub(rf"\g<1>{new}", value)
        if isinstance(value, JsonNumber):
            return new if value.text == old else value
        if isinstance(value, Mapping):
            return {of(name): of(below) for name, below in value.items()}
        return [of(below) for below in value] if isinstance(value, list) else value

    return of(value)


_COLON = "(?::|%3A)"
_ARN_BEFORE_ACCOUNT = rf"arn{_COLON}[\w-]+{_COLON}[\w*-]*{_COLON}[\w*-]*{_COLON}"
"""As text has it, and as a URL does."""


def check_size(data: object) -> None:
    """Raise Misread for more values, or deeper ones, than any account has."""
    level, depth, count = [data], 0, 0
    while level:
        count += len(level)
        if count > MOST_VALUES or depth > MOST_DEPTH:
            raise Misread(CaseFault("", f"the file holds more than {MOST_VALUES} values, or is nested too deeply"))
        level, depth = [below for value in level if type(value) is not str for below in _below(value)], depth + 1


def _below(value: object) -> Iterable[object]:
    if isinstance(value, dict | Mapping):
        return value.values()
    return value if isinstance(value, list) else ()


def _account(
    value: object, path: str, home: Home, *, members: tuple[str, ...]
) -> tuple[WantedAccount, list[Wanted | str]]:
    """An account, and all that is wanted in it."""
    given = Members.of(value, path, known=members)
    if "IsTruncated" in given.values and given.flag("IsTruncated"):
        raise Misread.at(given.at("IsTruncated"), "says that this is one page of several: put them together first")
    account_id = _id(given, home)
    place = Place(account=account_id, partition=home.partition_of(account_id), copied=home.copied)
    account = WantedAccount(
        place=path or ".",
        account=place.account,
        name=place.account,
        title=_checked_text(given, "Name", rules.is_account_name, rules.NAME_RULE),
        email=_checked_text(given, "Email", rules.is_account_email, rules.EMAIL_RULE),
        alias=text(given, "Alias"),
        password_policy=read_password_policy(given, "PasswordPolicy"),
        root_keys=read_keys(given, "RootAccessKeys"),
    )
    below: list[Wanted | str] = []
    for name, read in _LISTS.items():
        found = [made for each, at in items(given, name) for made in read(each, replace(place, path=at))]
        _refuse_repeated([each for each in found if isinstance(each, Wanted)], name)
        below += found
    return account, below


def _id(given: Members, home: Home) -> str:
    """The account's id: as given, else that of the ARNs in the document, else that of the only account there is."""
    if "AccountId" in given.values:
        return given.account("AccountId", "")
    arns = {arn.account for name in _LISTS for each, _ in items(given, name) if (arn := _arn_of(each))}
    arns.discard(AWS_ACCOUNT)
    if len(arns) > 1:
        raise Misread.at(given.path or "the file", f"names several accounts in its ARNs: {', '.join(sorted(arns))}")
    found = next(iter(arns), home.account)
    if found is None:
        raise Misread(CaseFault(given.path, f"{given.at('AccountId')} is missing: which account is this?"))
    return found


def _arn_of(value: object) -> Arn | None:
    arn = value.get("Arn") if isinstance(value, Mapping) else None
    return parse_arn(arn) if isinstance(arn, str) else None


def _checked_text(given: Members, name: str, holds: Callable[[str], bool], rule: str) -> str | None:
    found = text(given, name)
    if found is not None and not holds(found):
        raise Misread.at(given.at(name), f"cannot be {found!r}: {rule}")
    return found


def _refuse_repeated(entries: list[Wanted], word: str) -> None:
    seen: dict[str, Wanted] = {}
    for entry in entries:
        other = seen.setdefault(name_key(entry.name), entry)
        if other is not entry:
            raise Misread.at(entry.place, f"is {entry.name}, as is {other.place}: {word} names an entry once")
