"""Loads botocore's service models.

The loader and the models are Carnet's own: a botocore client changes the model that it shares with other clients, and
botocore's default loader would let a file in the user's home directory replace a model.
"""

from __future__ import annotations

import json
import os
from collections import OrderedDict
from functools import cache
from importlib.resources import files
from typing import Any, cast

from botocore.loaders import Loader

from carnet.models.service import Operation, Service

SERVICES = (
    "accessanalyzer",
    "account",
    "cloudtrail",
    "ec2",
    "iam",
    "identitystore",
    "organizations",
    "resourcegroupstaggingapi",
    "signin",
    "sso",
    "sso-admin",
    "sso-oidc",
    "sts",
)
"""The services whose protocols Carnet speaks, by botocore's names."""

FORWARDED = (
    *("dynamodb", "ec2", "ecr", "events", "kinesis", "kms", "lambda", "logs", "secretsmanager", "sns", "sqs", "ssm"),
    "stepfunctions",
)
"""Services whose requests are read here in order to be sent on to an upstream."""

_MODEL = "service-2"
ATTRIBUTES_OF_MESSAGES = "AttributeNamesOfMessages"
"""A shape that AWS's model of Amazon SQS lacks."""
EXTRACTS = frozenset(("ec2",))
"""Services with far more operations than Carnet answers: their models would take a quarter of a second and 35 MB of
every process. What is needed of them stands in `data/`, made by tools/build_models.py, and a test compares it."""


@cache
def service(name: str) -> Service:
    """The model of one of `SERVICES` or `FORWARDED`, loaded when it is first asked for; LookupError for others."""
    if name not in SERVICES and name not in FORWARDED:
        raise LookupError(f"no such service: {name}")
    return Service.of(name, _read_model(name))


@cache
def forwarded(name: str) -> Service:
    """The whole model of one of `FORWARDED`, loaded when it is first asked for; LookupError for others."""
    if name not in FORWARDED:
        raise LookupError(f"no such service behind the gateway: {name}")
    return Service.of(name, full_description(name)) if name in EXTRACTS else service(name)


def operation(service_name: str, name: str) -> Operation:
    """One operation of one service, also of one of which Carnet has an extract; LookupError if there is none."""
    found = service(service_name).operations.get(name)
    if found is None and service_name in FORWARDED:
        found = forwarded(service_name).operations.get(name)
    if found is None:
        raise LookupError(f"{service_name} has no operation {name}")
    return found


@cache
def _loader() -> Loader:
    return Loader(extra_search_paths=[Loader.BUILTIN_DATA_PATH], include_default_search_paths=False)


def _read_model(name: str) -> dict[str, Any]:
    """The parsed model file. `load_service_model` would first list the directories of every AWS service."""
    if name in EXTRACTS:
        text = files("carnet.models").joinpath("data", f"{name}.json").read_text("utf-8")
        return cast("dict[str, Any]", json.loads(text, object_pairs_hook=OrderedDict))
    return full_description(name)


def full_description(name: str) -> dict[str, Any]:
    """The parsed model file of botocore, whether or not Carnet needs all of it."""
    loader = _loader()
    version = loader.determine_latest_version(name, _MODEL)
    described = cast("dict[str, Any]", loader.load_data(os.path.join(name, version, _MODEL)))
    if name == "sqs":
        _name_attributes_of_messages(described["shapes"])
    return described


def _name_attributes_of_messages(shapes: dict[str, Any]) -> None:
    """The older member of ReceiveMessage names attributes of messages. By the model it would name those of queues.

    https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_ReceiveMessage.html
    """
    shapes[ATTRIBUTES_OF_MESSAGES] = {
        "type": "list",
        "member": {"shape": "MessageSystemAttributeName"},
        "flattened": True,
    }
    shapes["ReceiveMessageRequest"]["members"]["AttributeNames"]["shape"] = ATTRIBUTES_OF_MESSAGES
