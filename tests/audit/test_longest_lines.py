"""What a caller sends makes no line of the audit log longer than CloudTrail lets one be."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from carnet.audit import own_events
from carnet.audit.events import LONGEST_TEXT, Event, arrival, failure_event
from carnet.audit.redaction import shown
from carnet.audit.steps import Arrived, Authenticated, Routed
from carnet.base.http import HttpRequest
from carnet.identity.caller import FEDERATED_AUTHENTICATOR, Federated, VouchedSession
from carnet.models import operation
from carnet.policy.request import Principal, PrincipalKind

_MOST = 100 * 1024


def arrived(user_agent: str) -> Arrived:
    http = HttpRequest(
        method="POST",
        path="/",
        query="",
        headers=(("user-agent", user_agent),),
        body=b"",
        peer="192.0.2.1",
        secure=True,
    )
    return Arrived(request_id="r", event_id="e", time=datetime(2026, 1, 2, tzinfo=UTC), http=http)


@pytest.mark.parametrize("more", [0, 1, 60_000])
def test_of_who_an_identity_provider_says_it_is_the_beginning_is_kept(more: int) -> None:
    subject = "x" * (LONGEST_TEXT + more)
    caller = Federated(
        FEDERATED_AUTHENTICATOR,
        principal=Principal(kind=PrincipalKind.WEB_IDENTITY, provider="arn:aws:iam::111122223333:oidc-provider/idp"),
        account="111122223333",
        keys={},
        remembered={},
        user_name=subject,
        audience="app",
        session=VouchedSession(),
        trusted=lambda _: True,
    )
    routed = Routed(
        arrived=arrived(""),
        operation=operation("sts", "AssumeRoleWithWebIdentity"),
        event_source="sts.amazonaws.com",
        read_only=True,
    )
    event = failure_event(Authenticated(routed=routed, caller=caller), "AccessDenied", "", ())
    assert event["userIdentity"]["userName"] == subject[:LONGEST_TEXT]


@pytest.mark.parametrize("more", [0, 1, 60_000])
def test_of_a_long_text_that_a_caller_sends_the_beginning_is_kept(more: int) -> None:
    text = "x" * (LONGEST_TEXT + more)
    assert arrival(arrived(text), ())["userAgent"] == text[:LONGEST_TEXT]
    assert failure_event(arrived(""), "ValidationError", text, ())["errorMessage"] == text[:LONGEST_TEXT]
    own: Event = {}
    own_events.tell_failure(own, "ValidationError", text)
    assert own["errorMessage"] == text[:LONGEST_TEXT]


def sized(member: str, around: str, size: int) -> str:
    """The text with which `{"member": around}` is so many bytes of JSON: `around` holds it in the place of `*`."""
    return "k" * (size - len(f'{{"{member}":{around}}}') + len("*"))


@pytest.mark.parametrize(("more", "kept"), [(0, True), (1, False), (60_000, False)])
def test_parameters_and_answers_that_are_too_long_are_left_out(more: int, kept: bool) -> None:
    asked = operation("iam", "GetContextKeysForCustomPolicy")
    size = _MOST + more
    parameters, _ = shown(asked, {"PolicyInputList": [sized("policyInputList", '["*"]', size)]})
    _, elements = shown(asked, {}, {"ContextKeyNames": [sized("contextKeyNames", '["*"]', size)]})
    for part, name in ((parameters, "requestParameters"), (elements, "responseElements")):
        if kept:
            assert "omitted" not in part
        else:
            assert part == {"omitted": True, "originalSize": size, "reason": f"{name} too large"}


@pytest.mark.parametrize(("more", "kept"), [(0, True), (1, False)])
def test_so_are_those_of_carnets_own_api(more: int, kept: bool) -> None:
    told, event = {"name": sized("name", '"*"', _MOST + more)}, Event()
    own_events.tell_input(event, told, frozenset())
    own_events.tell_answer(event, told)
    assert [event[part] == told for part in ("requestParameters", "responseElements")] == [kept, kept]
    assert kept or event["responseElements"]["originalSize"] == _MOST + more
