"""What operations need beside the action of their name: what AWS says they depend on, and the keys that they name."""

from __future__ import annotations

import re
from collections.abc import Iterator

from carnet.catalog import actions
from carnet.catalog.apis import apis
from carnet.catalog.operations import operation_rules, services
from carnet.gateway.checks.mapping import HANDS, service_of
from carnet.gateway.keys.key_permissions import _CODES, _NO_KEY
from carnet.gateway.keys.key_uses.by_action import USES
from carnet.models import forwarded
from carnet.models.load import full_description
from carnet.protocols.errors import write_error
from tools.build_operations import DEEPEST, paths

SERVICES = [name for name in services() if name != "s3"]
_TAGGED = frozenset(("ec2:CreateTags", "ecr:TagResource"))
"""Decided if a request has tags, in every operation (`gateway/checks/tagged.py`)."""
BY_HAND = {
    "dynamodb RestoreTableFromBackup": "*",
    "dynamodb RestoreTableToPointInTime": "*",
    "kms CreateKey": "kms:TagResource",
    "kms ReplicateKey": "kms:CreateKey kms:TagResource",
    "sns CreatePlatformApplication": "iam:PassRole",
    "sns CreateTopic": "iam:PassRole",
    "sns SetPlatformApplicationAttributes": "iam:PassRole",
    "sns SetTopicAttributes": "iam:PassRole",
    "stepfunctions CreateStateMachine": "states:PublishStateMachineVersion",
    "stepfunctions TestState": "states:RevealSecrets",
    "stepfunctions UpdateStateMachine": "states:PublishStateMachineVersion",
}
"""Cases in `cases/` tell of each."""
REFUSED_WITH = {
    "ec2 AssociateIamInstanceProfile iam:PassRole": "IamInstanceProfile",
    "ec2 RunInstances iam:PassRole": "IamInstanceProfile",
    "lambda CreateCapacityProvider kms:DescribeKey": "KmsKeyArn",
    "lambda CreateFunction lambda:PassCapacityProvider": "CapacityProviderConfig",
}
"""What needs the permission is a member with which the request is refused."""
LEFT = {
    "ec2 CreateLaunchTemplate ssm:GetParameters": "if the template takes its image from a parameter",
    "ec2 CreateLaunchTemplateVersion ssm:GetParameters": "if the template takes its image from a parameter",
    "ec2 DescribeLaunchTemplateVersions ssm:GetParameters": "if the answer is to resolve the image",
    "ec2 RunInstances ssm:GetParameters": "if the image is taken from a parameter",
    "ec2 CreateVpcEndpoint ec2:DescribeSecurityGroups": "the console's",
    "ec2 CreateVpcEndpoint ec2:DescribeSubnets": "the console's",
    "ec2 CreateVpcEndpoint ec2:DescribeVpcs": "the console's",
    "ec2 CreateVpcEndpoint route53:AssociateVPCWithHostedZone": "on a zone of AWS's own",
    "kms CreateKey kms:PutKeyPolicy": "the page of CreateKey asks for kms:CreateKey and kms:TagResource alone",
    "kms ReplicateKey kms:PutKeyPolicy": "the page of ReplicateKey does not ask for it",
    "ssm CreateDocument iam:PassRole": "the role is passed when the document is run",
}
"""What is not decided, and why. It may only shrink."""
_ONCE = "iam:CreateServiceLinkedRole"
"""Needed by who is the first of an account; no upstream makes such a role here."""


def offered() -> Iterator[tuple[str, str]]:
    for service in SERVICES:
        for operation in apis().by_name[service].operations:
            if operation in operation_rules(service) or (service in HANDS and operation in HANDS[service].operations):
                yield service, operation


def needed(service: str, operation: str) -> list[str]:
    rule = operation_rules(service).get(operation)
    return [check.action for check in rule.checks] if rule is not None else [f"{service}:{operation}"]


def undecided(service: str, operation: str) -> tuple[str, ...]:
    rule = operation_rules(service).get(operation)
    return rule.undecided if rule is not None else ()


def test_what_an_operation_depends_on_is_decided_or_refused_or_told_why_not() -> None:
    left = set()
    for service, operation in offered():
        named = needed(service, operation)
        found = [action for name in dict.fromkeys(named) if (action := actions.action(name)) is not None]
        by_hand = BY_HAND.get(f"{service} {operation}", "").split()
        for dependent in {one for action in found for one in action.dependents}:
            line = f"{service} {operation} {dependent}"
            decided = dependent in named or dependent in by_hand or by_hand == ["*"]
            refused = REFUSED_WITH.get(line) in undecided(service, operation)
            if not (decided or refused or dependent in _TAGGED or dependent == _ONCE):
                left.add(line)
    assert left == {*LEFT}


KEY = re.compile(r"(?:AW)?S?KMS|MasterKey|^(?:Kms)?KeyId$", re.IGNORECASE)
OF_KEYS = {
    "logs AssociateKmsKey": "CloudWatch Logs uses the key by itself",
    "logs CreateLogGroup": "CloudWatch Logs uses the key by itself",
    "secretsmanager ReplicateSecretToRegions": "the keys lie in other Regions",
    "ssm CreateResourceDataSync": "Systems Manager uses the key by itself",
    "ec2 ModifyEbsDefaultKmsKeyId": "nothing is encrypted yet",
    "ec2 CreateLaunchTemplate": "nothing is encrypted yet",
    "ec2 CreateLaunchTemplateVersion": "nothing is encrypted yet",
    "kinesis StopStreamEncryption": "nothing is encrypted any more",
}
"""Operations that name keys on which nothing is decided, and why. It may only shrink."""


def test_a_key_that_a_request_names_is_decided_on_or_refused_or_told_why_not() -> None:
    left = set()
    for service, operation in offered():
        if service == "kms":
            continue
        model = full_description(service)
        members = [path for path in paths(model, model["operations"][operation], DEEPEST) if is_key(path)]
        uses = [action for action in needed(service, operation) if action in USES]
        if members and not uses and not {*members} <= {*undecided(service, operation)}:
            left.add(f"{service} {operation}")
    assert left == {*OF_KEYS}


def is_key(path: str) -> bool:
    name = path.rpartition(".")[2]
    return KEY.search(name) is not None and not name.startswith("AWSAccess")


def test_each_service_that_uses_keys_can_say_so() -> None:
    """Codes that its model does not have would be no answer at all."""
    for service in {service_of(action) for action in USES}:
        for code in (_NO_KEY[service], _CODES.get(service, "AccessDenied")):
            assert write_error(forwarded(service), code, "m", "r").status >= 400
