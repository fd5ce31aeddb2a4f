"""Services that are not offered: told apart, read as far as the wire is plain, and answered as their clients read."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from typing import Any

import pytest
from botocore.loaders import Loader
from botocore.model import ServiceModel
from botocore.parsers import create_parser

from carnet.base.http import HttpRequest, HttpResponse
from carnet.catalog.apis import apis
from carnet.protocols import api_routing
from carnet.protocols.api_errors import spelled, write_api_error
from carnet.protocols.api_routing import Asked, asked
from carnet.protocols.clues import read_clues
from carnet.protocols.common_errors import COMMON_ERRORS
from carnet.protocols.errors import WireError
from carnet.protocols.routing import route
from carnet.protocols.unoffered import Dialect, NotOffered, Unoffered, signed_for

CREDENTIAL = "AWS4-HMAC-SHA256 Credential=AKIAQNZGKIQY56JQ7WML/20240101/us-east-1/{}/aws4_request"
CBOR = {"smithy-protocol": "rpc-v2-cbor"}


def request(
    service: str,
    method: str = "POST",
    path: str = "/",
    query: str = "",
    body: bytes = b"",
    headers: Mapping[str, str] | None = None,
    host: str = "127.0.0.1:4747",
) -> HttpRequest:
    signed = {"authorization": CREDENTIAL.format(service)} if service else {}
    sent = {"host": host, **signed, **(headers or {})}
    return HttpRequest(
        method=method, path=path, query=query, headers=tuple(sent.items()), body=body, peer="127.0.0.1", secure=False
    )


def target(text: str) -> dict[str, str]:
    return {"x-amz-target": text}


def routed(http: HttpRequest) -> Unoffered:
    with pytest.raises(NotOffered) as caught:
        route(http)
    assert caught.value.code == "NotImplemented"
    return caught.value.asked


def what(http: HttpRequest) -> Asked:
    return asked(routed(http), http)


def name(http: HttpRequest) -> str | None:
    operation = what(http).operation
    return operation.name if operation is not None else None


@pytest.mark.parametrize(
    ("http", "dialect"),
    [
        (request("dynamodb", headers=target("DynamoDB_20120810.GetItem")), Dialect.JSON),
        (request("dynamodb"), Dialect.JSON),
        (request("lambda", "GET", "/2015-03-31/functions"), Dialect.REST_JSON),
        (request("sns"), Dialect.QUERY),
        (request("ec2", body=b"Action=DescribeVpcs&Version=2016-11-15"), Dialect.EC2),
        (request("s3", "GET"), Dialect.S3),
        (request("s3", "GET", "/v20180820/jobs"), Dialect.REST_XML),
        (request("route53", "GET", "/2013-04-01/hostedzone"), Dialect.REST_XML),
        (request("ses"), Dialect.QUERY),
        (request("ses", path="/v2/email/outbound-emails"), Dialect.REST_JSON),
        (request("monitoring"), Dialect.QUERY),
        (request("monitoring", headers=target("GraniteServiceVersion20100801.ListMetrics")), Dialect.JSON),
        (request("monitoring", path="/service/x/operation/y", headers=CBOR), Dialect.CBOR),
        (request("sagemaker", path="/endpoints/e/invocations"), Dialect.REST_JSON),
    ],
)
def test_in_which_form_a_service_is_spoken_to(http: HttpRequest, dialect: Dialect) -> None:
    assert routed(http).dialect is dialect


@pytest.mark.parametrize(
    ("http", "expected"),
    [
        (request("dynamodb", headers=target("DynamoDB_20120810.GetItem")), "GetItem"),
        (request("dynamodb", headers=target("DynamoDBStreams_20120810.GetRecords")), "GetRecords"),
        (request("dynamodb", headers=target("DynamoDBStreams_20120810.GetItem")), None),
        (request("dynamodb", "GET", headers=target("DynamoDB_20120810.GetItem")), None),
        (request("timestream", headers=target("Timestream_20181101.Query")), "Query"),
        (request("timestream", headers=target("Timestream_20181101.WriteRecords")), "WriteRecords"),
        (request("sns", body=b"Action=Publish&Version=2010-03-31"), "Publish"),
        (request("sns", body=b"Action=Publish&Version=2010-03-30"), None),
        (request("sns", body=b"Action=Publish&Action=Publish&Version=2010-03-31"), None),
        (request("sns", body=b"Action=Publish&Version=2010-03-31&x=%zz"), None),
        (request("rds", body=b"Action=CreateGlobalCluster&Version=2014-10-31"), "CreateGlobalCluster"),
        (request("lambda", "GET", "/2015-03-31/functions/"), "ListFunctions"),
        (request("lambda", "GET", "/2015-03-31/functions"), "ListFunctions"),
        (request("lambda", "GET", "/2015-03-31/functions/f"), "GetFunction"),
        (request("lambda", "GET", "/2015-03-31/functions/f/g/h"), None),
        (request("lambda", "PATCH", "/2015-03-31/functions/f"), None),
        (request("lambda", "GET", "/2015-03-31/functions/%zz"), None),
        (
            request("monitoring", path="/service/GraniteServiceVersion20100801/operation/ListMetrics", headers=CBOR),
            "ListMetrics",
        ),
        (request("monitoring", path="/service/Other/operation/ListMetrics", headers=CBOR), None),
        (request("monitoring", path="/", headers=CBOR), None),
        (
            request("monitoring", "GET", "/service/GraniteServiceVersion20100801/operation/ListMetrics", headers=CBOR),
            None,
        ),
        (request("s3", "GET"), "ListBuckets"),
        (request("s3", "GET", "/b"), "ListObjects"),
        (request("s3", "GET", "/b", "list-type=2&prefix=a"), "ListObjectsV2"),
        (request("s3", "GET", "/b", "acl"), "GetBucketAcl"),
        (request("s3", "GET", "/b/k/l//m"), "GetObject"),
        (request("s3", "GET", "/b/k", "uploadId=1"), "ListParts"),
        (request("s3", "PUT", "/b/k"), "PutObject"),
        (request("s3", "PUT", "/b/k", headers={"x-amz-copy-source": "/c/k"}), "CopyObject"),
        (request("s3", "PUT", "/b/k", "partNumber=1&uploadId=1"), "UploadPart"),
        (request("s3", "GET", "/k", host="b.s3.amazonaws.com"), None),
        (request("s3", "GET", "/k", host="b.localhost:4747"), None),
        (request("s3", "GET", "/b", host="localhost:4747"), "ListObjects"),
        (request("s3", "GET", "/b", host="[::1]:4747"), "ListObjects"),
        (request("s3", "GET", "/b", host="s3.eu-west-1.amazonaws.com"), "ListObjects"),
    ],
)
def test_which_operation_is_asked(http: HttpRequest, expected: str | None) -> None:
    assert name(http) == expected


def texts(http: HttpRequest) -> dict[tuple[str, str], str]:
    return dict(what(http).texts)


def test_what_is_read_of_a_request() -> None:
    http = request(
        "dynamodb", headers=target("DynamoDB_20120810.GetItem"), body=b'{"TableName": "t", "Key": {"a": {"S": "b"}}}'
    )
    assert texts(http) == {("body", "TableName"): "t"}
    assert what(http).member("TableName") == "t"
    http = request("sns", body=b"Action=Publish&Version=2010-03-31&TopicArn=arn%3Aaws", query="a=1")
    assert what(http).member("TopicArn") == "arn:aws"
    http = request("eks", "GET", "/clusters/a%2Fb/node-groups", "maxResults=1&nextToken=a&nextToken=b")
    read = texts(http)
    assert read == {("uri", "name"): "a/b", ("querystring", "maxResults"): "1"}
    assert what(http).member("clusterName") == "a/b"
    http = request("glacier", "GET", "/-/vaults", headers={"x-unknown": "a"})
    assert ("header", "x-unknown") not in texts(http)


def test_a_header_names_a_resource_if_it_is_there_once() -> None:
    found = next(
        (api, operation)
        for api in apis().by_name.values()
        for operation in api.operations.values()
        if any(place.location == "header" for place in operation.places.values())
    )
    api, operation = found
    header = next(place.name for place in operation.places.values() if place.location == "header")
    once = request("x", headers={header.lower(): "value"})
    assert api_routing._headers(operation, once) == {header: "value"}
    twice = HttpRequest(
        method="GET",
        path="/",
        query="",
        headers=((header.lower(), "a"), (header.lower(), "b")),
        body=b"",
        peer="",
        secure=False,
    )
    assert api_routing._headers(operation, twice) == {}
    assert api.operations[operation.name] is operation


@pytest.mark.parametrize(
    "body", [b"{", b"[]", b'"TableName"', b'{"TableName": 1}', b'{"TableName":"a","TableName":"b"}', b"\xff"]
)
def test_a_body_that_is_not_plain_names_nothing(body: bytes) -> None:
    http = request("dynamodb", headers=target("DynamoDB_20120810.GetItem"), body=body)
    assert name(http) == "GetItem"
    assert texts(http) == {}


def test_many_parameters_take_no_longer_for_being_counted() -> None:
    http = request("lambda", "GET", "/2015-03-31/functions", "&".join(f"a{n}=1" for n in range(9_999)))
    assert len(texts(http)) == 9_999


def test_a_service_that_aws_does_not_have() -> None:
    http = request("no-such-service")
    assert signed_for("no-such-service", read_clues(http), http) is None
    with pytest.raises(WireError, match="scoped to a valid service"):
        route(http)


@pytest.mark.parametrize(
    "http",
    [
        request("sqs", body=b"Action=GetUser&Version=2010-05-08"),
        request("sqs", headers=target("AWSOrganizationsV20161128.ListAccounts")),
        request("sqs", host="iam.amazonaws.com"),
    ],
)
def test_what_is_asked_of_a_service_that_is_offered_is_signed_for_it(http: HttpRequest) -> None:
    with pytest.raises(WireError, match="scoped to correct service") as caught:
        route(http)
    assert caught.value.code == "SignatureDoesNotMatch"


def test_a_path_that_an_offered_service_has_too_belongs_to_who_is_signed_for() -> None:
    assert routed(request("lambda", "GET", "/analyzer")).signing_name == "lambda"


@pytest.mark.parametrize(
    ("http", "expected"),
    [
        (request("", headers=target("AWSCognitoIdentityService.GetId")), ("cognito-identity", "GetId")),
        (
            request("", headers=target("AWSCognitoIdentityProviderService.InitiateAuth")),
            ("cognito-idp", "InitiateAuth"),
        ),
    ],
)
def test_operations_that_nobody_signs(http: HttpRequest, expected: tuple[str, str]) -> None:
    found = routed(http)
    assert (found.name, found.unsigned) == expected


@pytest.mark.parametrize(
    "http",
    [
        request("", headers=target("AWSCognitoIdentityService.ListIdentityPools")),
        request("", headers=target("NoSuchService.GetId")),
        request("", body=b"Action=Publish&Version=2010-03-31"),
        request("", "GET", "/bucket/key"),
    ],
)
def test_all_others_need_a_signature(http: HttpRequest) -> None:
    with pytest.raises(WireError) as caught:
        route(http)
    assert caught.value.code == "MissingAuthenticationToken"


SPOKEN_BY = {
    Dialect.QUERY: ("sns", "ListTopics"),
    Dialect.EC2: ("ec2", "DescribeVpcs"),
    Dialect.JSON: ("dynamodb", "ListTables"),
    Dialect.CBOR: ("cloudwatch", "ListMetrics"),
    Dialect.REST_JSON: ("lambda", "ListFunctions"),
    Dialect.REST_XML: ("route53", "ListHostedZones"),
    Dialect.S3: ("s3", "ListBuckets"),
}


@cache
def output(dialect: Dialect) -> Any:
    """The shape of an answer that is no error; some models take a second to read."""
    service, operation = SPOKEN_BY[dialect]
    loader = Loader(extra_search_paths=[Loader.BUILTIN_DATA_PATH], include_default_search_paths=False)
    model = ServiceModel(loader.load_service_model(service, "service-2"), service)
    return model.operation_model(operation).output_shape


def parsed(dialect: Dialect, response: HttpResponse) -> dict[str, Any]:
    """What botocore reads of an answer."""
    parser: Any = create_parser(dialect if dialect is not Dialect.S3 else "rest-xml")
    headers = {header.lower(): value for header, value in response.headers}
    answer = {"status_code": response.status, "headers": headers, "body": response.body}
    read: dict[str, Any] = parser.parse(answer, output(dialect))
    return read


@pytest.mark.parametrize("dialect", Dialect)
@pytest.mark.parametrize("message", ["short", "<&> \u00e9" * 100])
def test_botocore_reads_every_error(dialect: Dialect, message: str) -> None:
    for common in COMMON_ERRORS:
        code, status = spelled(dialect, common)
        response = write_api_error(dialect, common, message, "id-1")
        assert response.status == status
        read = parsed(dialect, response)
        assert (read["Error"]["Code"], read["Error"]["Message"]) == (code, message)
        assert read["ResponseMetadata"]["RequestId"] == "id-1"


@pytest.mark.parametrize("dialect", Dialect)
@pytest.mark.parametrize("code", ["AccessDenied", "DryRunOperation", "NotImplemented"])
def test_no_sdk_tries_again(dialect: Dialect, code: str) -> None:
    """The AWS SDKs for JavaScript 2 and for Ruby try again after every status from 500 on."""
    assert 400 <= spelled(dialect, code)[1] < 500


def test_an_error_that_is_none() -> None:
    with pytest.raises(KeyError):
        write_api_error(Dialect.S3, "NoSuchCode", "m", "id-1")
