"""Only authenticators make callers who have proven who they are, at run time too."""

from __future__ import annotations

import ast
import copy
import copyreg
import pickle
from collections import defaultdict
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import Any

import msgspec
import pytest

from carnet.entities.operator_token import OperatorToken
from carnet.identity.caller import (
    AUTHENTICATOR,
    BEARER_AUTHENTICATOR,
    COOKIE_AUTHENTICATOR,
    FEDERATED_AUTHENTICATOR,
    NOBODY,
    OPERATOR_AUTHENTICATOR,
    Bearer,
    Federated,
    IdentityCenterUser,
    OperatorCaller,
    SignedIn,
    Verified,
    VouchedSession,
)
from carnet.identity.credential import Credential
from carnet.policy.request import Principal, PrincipalKind

SOURCES = Path("src/carnet")
ALICE = Principal(
    kind=PrincipalKind.USER, arn="arn:aws:iam::111122223333:user/alice", account="111122223333", id="AIDA"
)
MALLORY = msgspec.structs.replace(ALICE, arn="arn:aws:iam::111122223333:user/mallory", id="AIDM")
HERS = Credential(key_id="AKIAALICE", secret="hers", principal=ALICE)
HIS = Credential(key_id="AKIAMALLORY", secret="his", principal=MALLORY)


def verified(authenticator: Any = AUTHENTICATOR) -> Any:
    """A caller as the verifier makes it; of no type, for what is tried here is what types would refuse, too."""
    return Verified(authenticator, credential=HIS, region="us-east-1", service="iam", presigned=False)


def members(caller: Verified) -> dict[str, Any]:
    return {"credential": HERS, "region": caller.region, "service": caller.service, "presigned": caller.presigned}


def assign(caller: Any) -> None:
    caller.credential = HERS


def delete(caller: Any) -> None:
    del caller.credential


def change_class(caller: Any) -> None:
    caller.__class__ = object


def subclass(caller: Any) -> None:
    type("Forged", (type(caller),), {})


ATTEMPTS: dict[str, Callable[[Any], object]] = {
    "a call": lambda caller: Verified(**members(caller)),
    "a call with something": lambda caller: Verified(object(), **members(caller)),  # type: ignore[arg-type]
    "its type called": lambda caller: type(caller)(**members(caller)),
    "__new__": lambda caller: Verified.__new__(Verified, **members(caller)),
    "__new__ of a pickle": lambda caller: copyreg.__newobj__(Verified),  # type: ignore[attr-defined]
    "dataclasses.replace": lambda caller: replace(caller, credential=HERS),
    "msgspec.structs.replace": lambda caller: msgspec.structs.replace(caller, credential=HERS),
    "copy.replace": lambda caller: caller.__replace__(credential=HERS),
    "copy.copy": copy.copy,
    "copy.deepcopy": copy.deepcopy,
    "pickle": pickle.dumps,
    "__reduce_ex__": lambda caller: caller.__reduce_ex__(4),
    "__setstate__": lambda caller: caller.__setstate__({"credential": HERS}),
    "an attribute set": assign,
    "an attribute deleted": delete,
    "another class": change_class,
    "a subclass": subclass,
    "another renewed": lambda caller: caller.renewed(HERS),
    "another secret renewed": lambda caller: caller.renewed(replace(HIS, secret="guessed")),
}


@pytest.mark.parametrize("attempt", ATTEMPTS.values(), ids=ATTEMPTS)
def test_nobody_else_makes_one(attempt: Callable[[Any], object]) -> None:
    caller = verified()
    with pytest.raises((AttributeError, TypeError, ValueError)):
        attempt(caller)
    assert (caller.credential, caller.principal) == (HIS, MALLORY)


def test_a_caller_is_renewed_with_the_credential_that_was_proved() -> None:
    renamed = replace(HIS, principal=msgspec.structs.replace(MALLORY, arn="arn:aws:iam::111122223333:user/renamed"))
    caller = verified().renewed(renamed)
    assert (caller.credential, caller.principal) == (renamed, renamed.principal)


ANN = IdentityCenterUser(account="111122223333", identity_store_arn="arn", user_id="ann", credential_id="token-1")


def signed_in(authenticator: Any = COOKIE_AUTHENTICATOR) -> Any:
    return SignedIn(authenticator, credential=HIS)


def bearer(authenticator: Any = BEARER_AUTHENTICATOR, *found: IdentityCenterUser | None) -> Any:
    users = iter(found)
    return Bearer(authenticator, user=ANN, find=lambda snapshot: next(users))


CI = OperatorToken(
    id="ot-1",
    name="ci",
    digest="",
    scopes=(),
    created=datetime(2026, 1, 2, tzinfo=UTC),
    expires=datetime(2026, 2, 2, tzinfo=UTC),
)


def operator(authenticator: Any = OPERATOR_AUTHENTICATOR) -> Any:
    return OperatorCaller(authenticator, token=CI)


def federated(authenticator: Any = FEDERATED_AUTHENTICATOR, *, trusted: bool = True) -> Any:
    return Federated(
        authenticator,
        principal=Principal(kind=PrincipalKind.WEB_IDENTITY, provider="arn:aws:iam::111122223333:oidc-provider/idp"),
        account="111122223333",
        keys={},
        remembered={},
        user_name="ann",
        audience="app",
        session=VouchedSession(),
        trusted=lambda snapshot: trusted,
    )


OTHERS: dict[str, Callable[[Any], object]] = {
    "an attribute set": lambda caller: setattr(caller, "principal", ALICE),
    "an attribute deleted": lambda caller: delattr(caller, "region"),
    "another class": change_class,
    "a subclass": subclass,
    "copy.copy": copy.copy,
    "copy.deepcopy": copy.deepcopy,
    "pickle": pickle.dumps,
    "dataclasses.replace": lambda caller: replace(caller, principal=ALICE),
    "__new__ of a pickle": lambda caller: copyreg.__newobj__(type(caller)),  # type: ignore[attr-defined]
}


@pytest.mark.parametrize("attempt", OTHERS.values(), ids=OTHERS)
@pytest.mark.parametrize("make", [signed_in, bearer, federated, operator])
def test_nobody_else_makes_one_of_a_cookie_or_a_token(make: Any, attempt: Callable[[Any], object]) -> None:
    caller = make()
    before = repr(caller)
    with pytest.raises((AttributeError, TypeError)):
        attempt(caller)
    assert repr(caller) == before


@pytest.mark.parametrize(
    ("make", "own"),
    [
        (verified, AUTHENTICATOR),
        (signed_in, COOKIE_AUTHENTICATOR),
        (bearer, BEARER_AUTHENTICATOR),
        (federated, FEDERATED_AUTHENTICATOR),
        (operator, OPERATOR_AUTHENTICATOR),
    ],
)
def test_an_authenticator_makes_its_own_callers_alone(make: Any, own: object) -> None:
    for authenticator in (
        AUTHENTICATOR,
        COOKIE_AUTHENTICATOR,
        BEARER_AUTHENTICATOR,
        FEDERATED_AUTHENTICATOR,
        OPERATOR_AUTHENTICATOR,
        object(),
    ):
        if authenticator is not own:
            with pytest.raises(TypeError, match="only an authenticator makes"):
                make(authenticator)
    make(own)


def test_who_signed_in_is_renewed_with_the_same_session() -> None:
    renamed = replace(HIS, principal=msgspec.structs.replace(MALLORY, arn="arn:aws:iam::111122223333:user/renamed"))
    assert signed_in().renewed(renamed).principal == renamed.principal
    with pytest.raises(ValueError, match="another credential"):
        signed_in().renewed(HERS)


def test_a_bearer_is_renewed_as_its_token_stands() -> None:
    moved = msgspec.structs.replace(ANN, account="444455556666")
    caller = bearer(BEARER_AUTHENTICATOR, moved, None)
    renewed = caller.renewed(None)
    assert (renewed.user, renewed.principal) == (moved, NOBODY)
    assert renewed.renewed(None) is None


def test_who_is_vouched_for_is_renewed_while_the_provider_stands() -> None:
    caller = federated()
    assert caller.renewed(None) is caller
    assert federated(trusted=False).renewed(None) is None


def _calls(name: str) -> set[str]:
    """The files in which `name(...)` is called."""
    return _index()[0][name]


def _mentions(name: str) -> set[str]:
    """The files that use, import or reach a name in any way."""
    return _index()[1][name]


@cache
def _index() -> tuple[dict[str, set[str]], dict[str, set[str]]]:
    """Every name to the files that call it, and to those that mention it."""
    calls, mentions = defaultdict[str, set[str]](set), defaultdict[str, set[str]](set)
    for path in SOURCES.rglob("*.py"):
        file = path.relative_to(SOURCES).as_posix()
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
                calls[node.func.id].add(file)
            named = [getattr(node, attribute, None) for attribute in ("id", "attr", "name")]
            for name in (*named, node.value if isinstance(node, ast.Constant) else None):
                if isinstance(name, str):
                    mentions[name].add(file)
    return calls, mentions


def test_only_authenticators_hold_what_makes_one() -> None:
    assert _mentions("AUTHENTICATOR") == {"identity/caller.py", "sigv4/verify.py"}
    assert _calls("Verified") == {"identity/caller.py", "sigv4/verify.py"}
    assert _mentions("BEARER_AUTHENTICATOR") == {"identity/caller.py", "bearer/access_token.py"}
    assert _calls("Bearer") == {"identity/caller.py", "bearer/access_token.py"}
    assert _mentions("COOKIE_AUTHENTICATOR") == {"identity/caller.py", "console/callers.py"}
    assert _calls("SignedIn") == {"identity/caller.py", "console/callers.py"}
    vouching = {"services/sts/saml_caller.py", "services/sts/web_identity.py"}
    assert _mentions("FEDERATED_AUTHENTICATOR") == vouching | {"identity/caller.py"}
    assert _calls("Federated") == vouching
    assert _mentions("OPERATOR_AUTHENTICATOR") == {"identity/caller.py", "bearer/operator_token.py"}
    assert _calls("OperatorCaller") == {"identity/caller.py", "bearer/operator_token.py"}


def test_nothing_goes_around_it() -> None:
    assert _mentions("__setattr__") == {"identity/caller.py"}
    assert _mentions("__new__") == {"identity/caller.py", "directory/indexed.py"}  # which makes one of its own kind


def test_credentials_come_from_one_place() -> None:
    assert _calls("Credential") == {"identity/credentials.py"}
