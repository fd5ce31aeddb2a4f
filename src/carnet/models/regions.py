"""Services that have one Region in each partition, whatever Region their callers sign for.

The table is what botocore's endpoints say, which are too long to be read for it; a test compares them.
https://docs.aws.amazon.com/general/latest/gr/iam-service.html
"""

from __future__ import annotations

from collections.abc import Mapping

GLOBAL_REGIONS: Mapping[str, Mapping[str, str]] = {
    "account": {"aws": "us-east-1", "aws-cn": "cn-northwest-1"},
    "iam": {
        "aws": "us-east-1",
        "aws-cn": "cn-north-1",
        "aws-us-gov": "us-gov-west-1",
        "aws-iso": "us-iso-east-1",
        "aws-iso-b": "us-isob-east-1",
        "aws-iso-f": "us-isof-south-1",
    },
    "organizations": {
        "aws": "us-east-1",
        "aws-cn": "cn-northwest-1",
        "aws-us-gov": "us-gov-west-1",
        "aws-iso": "us-iso-east-1",
        "aws-iso-b": "us-isob-east-1",
        "aws-iso-e": "eu-isoe-west-1",
        "aws-iso-f": "us-isof-south-1",
    },
}
"""Signing name of a global service to partition to the Region that its requests are made to."""
