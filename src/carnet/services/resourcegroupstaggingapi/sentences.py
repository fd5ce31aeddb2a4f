"""What the Resource Groups Tagging API says to its callers."""

from __future__ import annotations

TAG_FILTER_KEY = "Each TagFilter must contain a Key."
TOO_MANY_TYPES = "ResourceTypeFilters can have up to 100 items."
EXCLUDES_WITHOUT_DETAILS = "ExcludeCompliantResources can be true only if IncludeComplianceDetails is also true."


def out_of_range(member: str, least: int, most: int) -> str:
    """A number that is too small or too great."""
    return f"{member} must be between {least} and {most}."


def not_beside_arns(member: str) -> str:
    """A filter or a page of a list of ARNs."""
    return f"ResourceARNList and {member} cannot be specified in the same request."


def no_arn(text: str) -> str:
    """What should be an ARN is none."""
    return f"{text} is not a valid AmazonResourceName (ARN)"


def not_taggable(arn: str) -> str:
    """An ARN of a kind of resource that this server does not hold, or that has no tags."""
    return f"{arn}: tagging resources of this type is not supported."


def resource_missing(arn: str) -> str:
    """The account has no resource of that ARN."""
    return f"The resource {arn} cannot be found."
