"""The subject of a token of GetWebIdentityToken: the caller, or the person on whose behalf the caller's session acts.

https://docs.aws.amazon.com/STS/latest/APIReference/API_GetWebIdentityToken.html
"""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping
from typing import Any

from carnet.base.faults import Denied, Invalid
from carnet.policy.request import Value
from carnet.services.sts.origin_identity import ORIGIN

AWS_IDENTITY, ORIGIN_IDENTITY = "AWSIdentity", "OriginIdentity"
_NOT_SHOWN = ("Cc", "Cf", "Zl", "Zp", "Zs")
"""The categories of Unicode's control, format and separator characters."""


def subject_mode(given: Mapping[str, Any]) -> str:
    """Which subject the request wants in `sub`."""
    mode: str = given.get("SubjectMode", AWS_IDENTITY)
    return mode


def origin_subject(keys: Mapping[str, Value]) -> str:
    """The subject of the trusted context of the calling session, from the session's condition keys.

    Raises Invalid if it has none, and Denied for one that could be taken for an ARN, or for another text.
    """
    subject = keys.get(f"{ORIGIN}Subject")
    vouched = f"{ORIGIN}Issuer" in keys or f"{ORIGIN}FederatedProviderArn" in keys
    if not isinstance(subject, str) or not subject.strip() or not vouched:
        raise Invalid("The calling session carries no trusted identity propagation context.")
    if subject.lower().startswith("arn:"):
        raise Denied("The subject of the calling session begins as an ARN does.")
    if subject != subject.strip(" ") or any(unicodedata.category(one) in _NOT_SHOWN for one in subject if one != " "):
        raise Denied("The subject of the calling session has spaces at an end, or characters that cannot be seen.")
    return subject


def check_scope(given: Mapping[str, Any]) -> None:
    """Raise Invalid for a scope that a token cannot have."""
    if "Scope" not in given:
        return
    if subject_mode(given) != ORIGIN_IDENTITY or len(given["Audience"]) != 1:
        raise Invalid("Scope can be specified only with the SubjectMode OriginIdentity and exactly one audience.")
    values = given["Scope"].split(" ")
    if len(set(values)) < len(values):
        raise Invalid("A scope value cannot be repeated.")
