"""Whoever accepts JSON gets the answers of the query protocol as JSON, errors among them.

boto3 signs, and raw bytes are read: it reads XML alone.
"""

from __future__ import annotations

import http.client
import json
from typing import Any

from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

from tests.server.in_process import InProcessServer


def _call(server: InProcessServer, service: str, form: str, *, accept: str, secret: str = "") -> tuple[int, str, bytes]:
    """Status, media type and body of one signed call."""
    headers = {"Content-Type": "application/x-www-form-urlencoded", "Accept": accept}
    request = AWSRequest("POST", server.endpoint + "/", data=form, headers=headers)
    credentials = Credentials(server.root.access_key_id, secret or server.root.secret_access_key)
    SigV4Auth(credentials, service, "us-east-1").add_auth(request)
    connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=60)
    connection.request("POST", "/", form, dict(request.headers))
    answer = connection.getresponse()
    body = answer.read()
    connection.close()
    return answer.status, answer.getheader("Content-Type", ""), body


IDENTITY = "Action=GetCallerIdentity&Version=2011-06-15"


def test_an_answer(server: InProcessServer) -> None:
    account = server.root.account
    status, media_type, body = _call(server, "sts", IDENTITY, accept="application/json")
    told = json.loads(body)["GetCallerIdentityResponse"]
    assert (status, media_type) == (200, "application/json")
    assert told["GetCallerIdentityResult"] == {
        "UserId": account,
        "Account": account,
        "Arn": f"arn:aws:iam::{account}:root",
    }
    assert set(told) == {"GetCallerIdentityResult", "ResponseMetadata"}
    assert set(told["ResponseMetadata"]) == {"RequestId"}


def test_the_members_are_those_of_the_xml_answer(server: InProcessServer) -> None:
    iam = server.client("iam")
    for name in ("ann", "bob"):
        iam.create_user(UserName=name, Tags=[{"Key": "team", "Value": "ä +"}])
    form = "Action=ListUsers&Version=2010-05-08&MaxItems=1"
    _, _, body = _call(server, "iam", form, accept="application/json, */*;q=0.5")
    told: dict[str, Any] = json.loads(body)["ListUsersResponse"]["ListUsersResult"]
    known = iam.list_users(MaxItems=1)
    assert told["IsTruncated"] is True
    assert told["Marker"] == known["Marker"]
    (user,), (same,) = told["Users"], known["Users"]
    assert int(user.pop("CreateDate")) == int(same.pop("CreateDate").timestamp())
    assert user == same


def test_errors(server: InProcessServer) -> None:
    form = "Action=GetUser&Version=2010-05-08&UserName=nobody"
    status, media_type, body = _call(server, "iam", form, accept="application/json")
    told = json.loads(body)
    assert (status, media_type) == (404, "application/json")
    assert told["Error"] == {
        "Code": "NoSuchEntity",
        "Message": "The user with name nobody cannot be found.",
        "Type": "Sender",
    }
    assert set(told) == {"Error", "RequestId"}


def test_errors_of_a_request_that_is_not_believed_or_not_understood(server: InProcessServer) -> None:
    status, _, body = _call(server, "sts", IDENTITY, accept="application/json", secret="0" * 40)
    assert (status, json.loads(body)["Error"]["Code"]) == (403, "SignatureDoesNotMatch")
    status, _, body = _call(server, "sts", "Action=Nothing&Version=2011-06-15", accept="application/json")
    assert (status, json.loads(body)["Error"]["Code"]) == (400, "InvalidAction")


def test_whoever_says_nothing_of_json_gets_xml(server: InProcessServer) -> None:
    for accept in ("*/*", "text/xml", "text/xml, application/json"):
        status, media_type, body = _call(server, "sts", IDENTITY, accept=accept)
        assert (status, media_type) == (200, "text/xml")
        assert body.startswith(b"<GetCallerIdentityResponse ")
