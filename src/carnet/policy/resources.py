"""ARN patterns, as Resource elements and ARN condition operators hold them.

https://docs.aws.amazon.com/IAM/latest/UserGuide/reference-arns.html#arns-paths-wildcards
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from msgspec import Struct

from carnet.policy.crossing import match_crossing
from carnet.policy.patterns import Glob, ascii_lower
from carnet.policy.variables import Lookup, Template, template, variable_end

SEGMENTS = 6
"""arn, partition, service, region, account, resource; the last one may hold further colons."""

EVERYTHING = "*"
_SEPARATOR = re.compile(r":|\$\{")


class ArnPattern(Struct, frozen=True):
    """A pattern whose segments are matched one by one.

    No wildcard reaches over one of the first five colons, save that in a Resource element (`crossing`) a `*` which ends
    a segment does. `segments` is empty for the lone `*`, which matches everything, also what is no ARN. A pattern with
    too few segments matches nothing.
    """

    text: str
    segments: tuple[Template, ...]
    crossing: bool = False

    @property
    def everything(self) -> bool:
        return not self.segments

    @property
    def complete(self) -> bool:
        """Whether the pattern has all the segments of an ARN, the first of which is `arn`."""
        return len(self.segments) == SEGMENTS and self.segments[0].text == "arn"

    @property
    def prefix(self) -> str:
        """What every matching ARN begins with."""
        prefix = ""
        for segment in self.segments:
            prefix += segment.prefix
            if len(segment.tokens) > 1 or segment.prefix != segment.text:
                break
            prefix += ":"
        return prefix if len(prefix) <= len(self.text) else self.text

    @property
    def variable(self) -> bool:
        """Whether variables stand in the pattern."""
        return any(segment.variables for segment in self.segments)

    def resolved(self, lookup: Lookup) -> str | None:
        """The text with its variables filled in, for people; None if one cannot be resolved."""
        parts = [segment.resolved(lookup) for segment in self.segments] if self.variable else [self.text]
        return None if None in parts else ":".join(part or "" for part in parts)

    def matches(self, arn: str, lookup: Lookup) -> bool | None:
        """Whether `arn` is described; None if a variable cannot be resolved."""
        if self.everything:
            return True
        globs = [segment.fill(lookup) for segment in self.segments]
        if None in globs:
            return None
        if len(globs) != SEGMENTS:
            return False
        return match_segments([glob for glob in globs if glob is not None], arn, crossing=self.crossing)


def match_segments(globs: Sequence[Glob], arn: str, *, crossing: bool) -> bool:
    """Whether an ARN has such segments, of which the last may hold further colons.

    A segment is one part between colons; if it ends with `*` and that may cross colons, it takes any number of
    further ones.
    """
    if crossing:
        return match_crossing(globs, arn)
    parts = arn.split(":", SEGMENTS - 1)
    return len(parts) == len(globs) and all(glob.matches(part) for glob, part in zip(globs, parts, strict=True))


def resource_pattern(text: str, *, variables: bool, completed: bool = False) -> ArnPattern:
    """A pattern of a Resource element: variables count in its last segment only.

    https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_variables.html#policy-vars-wheretouse

    One with too few segments has `*` for each that is missing if it is to be `completed`.
    """
    segments = completed_arn(split_arn(text)) if completed else split_arn(text)
    return _pattern(text, segments, variables_from=SEGMENTS - 1 if variables else SEGMENTS, crossing=True)


def completed_arn(segments: list[str]) -> list[str]:
    """The segments of an ARN with `*` for each that is missing, as AWS reads those of identity-based policies."""
    return segments + [EVERYTHING] * (SEGMENTS - len(segments))


def condition_arn_pattern(text: str, *, variables: bool) -> ArnPattern:
    """A value of an ARN condition operator: variables count everywhere."""
    return _pattern(text, split_arn(text), variables_from=0 if variables else SEGMENTS, crossing=False)


def split_arn(text: str) -> list[str]:
    """The segments of an ARN pattern; a colon inside a variable separates nothing."""
    segments: list[str] = []
    begin = position = 0
    # Each character is looked at once: a variable is stepped over, and what stands before it holds no colon.
    while len(segments) < SEGMENTS - 1 and (found := _SEPARATOR.search(text, position)) is not None:
        if found[0] == ":":
            segments.append(text[begin : found.start()])
            begin = position = found.end()
        else:
            position = variable_end(text, found.start())
    return [*segments, text[begin:]]


def is_arn(text: str) -> bool:
    """Whether `text` has the six segments of an ARN."""
    return text.startswith("arn:") and text.count(":") >= SEGMENTS - 1


def is_arn_of(text: str, service: str, resource_type: str) -> bool:
    """Whether `text` is the ARN of a resource of that service and type."""
    parts = text.split(":", SEGMENTS - 1)
    return (
        len(parts) == SEGMENTS
        and parts[0] == "arn"
        and ascii_lower(parts[2]) == service
        and parts[5].startswith(f"{resource_type}/")
    )


def asks_a_trust_policy(action: str, resource: str) -> bool:
    """Whether the trust policy of a role decides on that, or would if the role were there."""
    return ascii_lower(action).startswith("sts:") and is_arn_of(resource, "iam", "role")


def _pattern(text: str, segments: list[str], *, variables_from: int, crossing: bool) -> ArnPattern:
    if text == EVERYTHING:
        return ArnPattern(text, ())
    templates = tuple(
        template(segment, wildcards=True, variables=index >= variables_from) for index, segment in enumerate(segments)
    )
    return ArnPattern(text, templates, crossing)
