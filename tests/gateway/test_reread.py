"""What an upstream says is read as the members of AWS's model, and is refused if it is none of them."""

from __future__ import annotations

from typing import Any

import pytest

from carnet.base.http import HttpResponse
from carnet.gateway.policies.reread import reread
from carnet.gateway.upstreams.connection import UpstreamFailed
from carnet.models import Operation, Service
from carnet.models.load import full_description

ANSWER = (
    "<GetTopicAttributesResponse><GetTopicAttributesResult><Attributes><entry><key>Policy</key><value>{}</value></entry>"
    "</Attributes></GetTopicAttributesResult></GetTopicAttributesResponse>"
)
QUADRATIC = f"<!DOCTYPE x [<!ENTITY e '{'x' * 10_000}'>]>" + ANSWER.format("&e;" * 50)
LAUGHS = '<!DOCTYPE x [<!ENTITY a "lol"><!ENTITY b "&a;&a;&a;&a;">]>' + ANSWER.format("&b;")


def topic_attributes() -> Operation:
    return Service.of("sns", full_description("sns")).operations["GetTopicAttributes"]


def read(body: bytes) -> dict[str, Any]:
    return reread(topic_attributes(), HttpResponse(status=200, headers=(), body=body), body)


@pytest.mark.parametrize("body", [ANSWER.format("hello"), '<?xml version="1.0"?>' + ANSWER.format("hello")])
def test_an_answer_is_its_members(body: str) -> None:
    assert read(body.encode()) == {"Attributes": {"Policy": "hello"}}


@pytest.mark.parametrize(
    "body",
    [
        QUADRATIC.encode(),
        LAUGHS.encode(),
        LAUGHS.encode("utf-16"),
        LAUGHS.encode("utf-16-le"),
        LAUGHS.encode("utf-8-sig"),
        b"<a>" * 10_000 + b"</a>" * 10_000,
        b"nonsense",
        b"",
    ],
)
def test_what_declares_entities_or_is_no_answer_is_refused(body: bytes) -> None:
    """Entities make so much of a short text that everybody waits for it."""
    with pytest.raises(UpstreamFailed, match="the answer is none of GetTopicAttributes"):
        read(body)


def test_what_json_says_of_document_types_is_a_text() -> None:
    described = Service.of("secretsmanager", full_description("secretsmanager")).operations["GetResourcePolicy"]
    body = b'{"ResourcePolicy": "<!DOCTYPE x>"}'
    response = HttpResponse(status=200, headers=(), body=body)
    assert reread(described, response, body) == {"ResourcePolicy": "<!DOCTYPE x>"}
