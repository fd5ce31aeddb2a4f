"""The Regions of each partition, and which of them an account must enable before it can use them.

The names are those of botocore's partitions, which a test compares.
https://docs.aws.amazon.com/accounts/latest/reference/manage-acct-regions.html
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from carnet.base.faults import Invalid

REGION_FORM = r"[a-z]{2}(?:-[a-z]+)+-[0-9]{1,2}"
"""What the names of Regions match, also of those that are not known yet."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Region:
    """One Region."""

    name: str
    opt_in: bool
    """Whether it is disabled until an account enables it; another cannot be disabled."""


_ENABLED_BY_DEFAULT = {
    "aws": (
        "ap-northeast-1 ap-northeast-2 ap-northeast-3 ap-south-1 ap-southeast-1 ap-southeast-2 ca-central-1 "
        "eu-central-1 eu-north-1 eu-west-1 eu-west-2 eu-west-3 sa-east-1 us-east-1 us-east-2 us-west-1 us-west-2"
    ),
    "aws-cn": "cn-north-1 cn-northwest-1",
    "aws-eusc": "eusc-de-east-1",
    "aws-iso": "us-iso-east-1 us-iso-west-1",
    "aws-iso-b": "us-isob-east-1 us-isob-west-1",
    "aws-iso-e": "eu-isoe-west-1",
    "aws-iso-f": "us-isof-east-1 us-isof-south-1",
    "aws-us-gov": "us-gov-east-1 us-gov-west-1",
}
_OPT_IN = {
    "aws": (
        "af-south-1 ap-east-1 ap-east-2 ap-south-2 ap-southeast-3 ap-southeast-4 ap-southeast-5 ap-southeast-6 "
        "ap-southeast-7 ca-west-1 eu-central-2 eu-south-1 eu-south-2 il-central-1 me-central-1 me-south-1 me-west-1 "
        "mx-central-1 sa-west-1"
    ),
}

DNS_SUFFIXES: Mapping[str, str] = {
    "aws": "amazonaws.com",
    "aws-cn": "amazonaws.com.cn",
    "aws-eusc": "amazonaws.eu",
    "aws-iso": "c2s.ic.gov",
    "aws-iso-b": "sc2s.sgov.gov",
    "aws-iso-e": "cloud.adc-e.uk",
    "aws-iso-f": "csp.hci.ic.gov",
    "aws-us-gov": "amazonaws.com",
}
"""What the host names of AWS's own endpoints end with, in each partition."""


def _regions(partition: str) -> tuple[Region, ...]:
    enabled = (Region(name=name, opt_in=False) for name in _ENABLED_BY_DEFAULT[partition].split())
    opt_in = (Region(name=name, opt_in=True) for name in _OPT_IN.get(partition, "").split())
    return tuple(sorted((*enabled, *opt_in), key=lambda region: region.name))


REGIONS: Mapping[str, tuple[Region, ...]] = {partition: _regions(partition) for partition in _ENABLED_BY_DEFAULT}
"""Partition to its Regions, by name."""


def check_region(partition: str, name: str) -> None:
    """Raises Invalid for a name of no Region of the partition."""
    if name not in {region.name for region in REGIONS[partition]}:
        raise Invalid(f"{name} is no Region of the partition {partition}.")
