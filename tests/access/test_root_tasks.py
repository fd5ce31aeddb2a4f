"""A session of AssumeRoot may do its task alone; one whose task nobody knows may do nothing."""

from __future__ import annotations

import pytest

from carnet.access.gather import policies_of
from carnet.identity.credential import Credential
from carnet.identity.principals import ASSUMED_ROOT, root_principal
from carnet.keyring.session_claims import SessionClaims
from carnet.policy.decide import decide
from carnet.policy.decision import Verdict
from carnet.policy.request import Context, Request
from tests.directory.snapshots import snapshot_of
from tests.stores.entities import ACCOUNT, ACCOUNT_ID

AUDIT = "arn:aws:iam::aws:policy/root-task/IAMAuditRootUserCredentials"
UNKNOWN = "arn:aws:iam::aws:policy/root-task/MadeTomorrow"


@pytest.mark.parametrize(
    ("tasks", "verdict"),
    [
        ((AUDIT,), Verdict.ALLOWED),
        ((UNKNOWN,), Verdict.EXPLICIT_DENY),
        ((AUDIT, UNKNOWN), Verdict.EXPLICIT_DENY),
        ((), Verdict.EXPLICIT_DENY),
    ],
)
def test_a_task(tasks: tuple[str, ...], verdict: Verdict) -> None:
    root = root_principal(ACCOUNT)
    session = SessionClaims(
        kind=ASSUMED_ROOT,
        account=ACCOUNT_ID,
        principal_id=ACCOUNT_ID,
        issued_ms=0,
        expires_ms=900_000,
        token_id="token",
        policy_arns=tasks,
        epoch="epoch",
    )
    view = snapshot_of(ACCOUNT).account(ACCOUNT_ID)
    assert view is not None
    policies = policies_of(view, Credential(key_id="ASIA", secret="s", principal=root, session=session))
    request = Request(
        principal=root,
        action="iam:ListAccessKeys",
        resource=ACCOUNT.root_arn,
        resource_account=ACCOUNT_ID,
        context=Context(),
    )
    assert decide(request, policies).verdict is verdict
