"""Checks session tags and source identity that an identity provider gives, by the limits that the model sets for
requests.

https://docs.aws.amazon.com/IAM/latest/UserGuide/id_session-tags.html
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from carnet.base.faults import Invalid
from carnet.entities.entity import Tags
from carnet.entities.tag_characters import takes
from carnet.identity.caller import VouchedSession
from carnet.services.sts.sessions import refused

if TYPE_CHECKING:
    from types_boto3_sts.type_defs import TagTypeDef

_MOST_TAGS = 50
_LONGEST_KEY, _LONGEST_VALUE = 128, 256
_SOURCE_IDENTITY = re.compile(r"[\w+=,.@-]{2,64}", re.ASCII)


def check_claims(vouched: VouchedSession) -> None:
    """Raise Invalid or Refused for tags or a source identity that no session may have. The session name of an assertion
    is checked in `saml_attributes`; a token gives none.
    """
    if len(vouched.tags) > _MOST_TAGS:
        raise refused(f"A session can have at most {_MOST_TAGS} session tags.")
    for key, value in vouched.tags.items():
        if not 1 <= len(key) <= _LONGEST_KEY or len(value) > _LONGEST_VALUE or not (takes(key) and takes(value)):
            raise refused("The key or the value of a session tag is too long or has characters that tags may not have.")
    if vouched.source_identity is not None and not _SOURCE_IDENTITY.fullmatch(vouched.source_identity):
        raise Invalid("The source identity must be 2 to 64 letters, digits and the characters _+=,.@-")


def tag_list(tags: Tags) -> list[TagTypeDef]:
    """Tags in the form of a request's."""
    return [{"Key": key, "Value": value} for key, value in tags.items()]
