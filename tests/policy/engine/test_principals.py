"""Compiled Principal elements name whom the written ones name."""

from __future__ import annotations

from hypothesis import example, given
from hypothesis import strategies as st
from msgspec.structs import replace

from carnet.policy.engine.principals import CompiledPrincipals
from carnet.policy.principals import Named, NamedPrincipal, PrincipalElement, PrincipalType
from carnet.policy.request import Principal
from tests.policy.builders import ACCOUNT, ALICE, ANONYMOUS, FEDERATED, OTHER, ROOT, SERVICE, SESSION, WEB_IDENTITY

PRINCIPALS = (
    *(ALICE, ANONYMOUS, FEDERATED, ROOT, SERVICE, SESSION, WEB_IDENTITY),
    replace(ALICE, canonical_user="c" * 64),
    replace(SESSION, role_arn=SESSION.arn),
    replace(ALICE, arn="", id=""),
)
AWS = (
    "*",
    ACCOUNT,
    OTHER,
    ROOT.arn,
    ALICE.arn,
    ALICE.id,
    SESSION.arn,
    SESSION.role_arn,
    SESSION.role_id,
    FEDERATED.arn,
    FEDERATED.user_arn,
    FEDERATED.user_id,
)
VALUES = st.one_of(
    st.builds(
        NamedPrincipal,
        type=st.just(PrincipalType.AWS),
        text=st.sampled_from(AWS),
        bound_id=st.sampled_from([None, None, ALICE.id, SESSION.role_id, ACCOUNT, "AIDA" + "Q" * 17]),
    ),
    st.builds(
        NamedPrincipal,
        type=st.sampled_from([PrincipalType.SERVICE, PrincipalType.FEDERATED, PrincipalType.CANONICAL_USER]),
        text=st.sampled_from([SERVICE.provider, WEB_IDENTITY.provider, "c" * 64]),
    ),
)


@example([NamedPrincipal(type=PrincipalType.AWS, text=ROOT.arn)], True, ROOT, False)
@given(st.lists(VALUES, max_size=4), st.booleans(), st.sampled_from(PRINCIPALS), st.booleans())
def test_they_agree(values: list[NamedPrincipal], negated: bool, principal: Principal, bounded: bool) -> None:
    element = PrincipalElement(values=tuple(values), negated=negated)
    compiled = CompiledPrincipals(element)

    assert compiled.names(principal, bounded=bounded) is element.names(principal, bounded=bounded)
    if compiled.everyone:
        assert element.names(principal, bounded=bounded) is Named.DIRECTLY
