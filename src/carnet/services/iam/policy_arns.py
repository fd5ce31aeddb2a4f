"""The PolicyArn parameter of IAM's operations."""

from __future__ import annotations

from carnet.base.arns import Arn, parse_arn
from carnet.base.faults import Invalid
from carnet.services.iam import sentences


def parse_policy_arn(text: str) -> Arn:
    """The parts of a managed policy's ARN. Raises Invalid, with AWS's sentence, for any other text."""
    arn = parse_arn(text)
    if arn is None:
        raise Invalid(sentences.ARN_NOT_PARSED)
    if arn.service != "iam" or arn.region or not arn.account or not arn.resource.startswith("policy/"):
        raise Invalid(sentences.arn_not_valid(text))
    return arn
