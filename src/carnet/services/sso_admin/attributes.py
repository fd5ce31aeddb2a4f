"""Attributes for access control: attributes of a person that become session tags.

https://docs.aws.amazon.com/singlesignon/latest/userguide/configure-abac.html
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from carnet.base.faults import AlreadyExists, Invalid, Missing
from carnet.entities.entity import name_key
from carnet.services.attribute_sources import path_of
from carnet.services.operation import Answer, Call, WriteCall
from carnet.services.sso_admin import targets
from carnet.services.sso_admin.callers import Held
from carnet.services.sso_admin.service import sso_admin
from carnet.services.sso_admin.settings import keep, settings_of
from carnet.services.sso_admin.targets import primary_region

_CONFIGURATION = "InstanceAccessControlAttributeConfiguration"


@sso_admin.write(
    "CreateInstanceAccessControlAttributeConfiguration", on=targets.organization_instance, context=(primary_region,)
)
def create_configuration(call: WriteCall, given: Mapping[str, Any], held: Held) -> Answer:
    """Enable attributes for access control."""
    settings = settings_of(held)
    if settings.attributes is not None:
        raise AlreadyExists("Attributes for access control are enabled already.")
    keep(call, held, replace(settings, attributes=_sources(given[_CONFIGURATION])))
    return {}


@sso_admin.read(
    "DescribeInstanceAccessControlAttributeConfiguration", on=targets.organization_instance, context=(primary_region,)
)
def describe_configuration(call: Call, given: Mapping[str, Any], held: Held) -> Answer:
    """The attributes, in the order in which they were given."""
    shown = [{"Key": key, "Value": {"Source": [source]}} for key, source in _enabled_attributes(held).items()]
    return {"Status": "ENABLED", _CONFIGURATION: {"AccessControlAttributes": shown}}


@sso_admin.write(
    "UpdateInstanceAccessControlAttributeConfiguration", on=targets.organization_instance, context=(primary_region,)
)
def update_configuration(call: WriteCall, given: Mapping[str, Any], held: Held) -> Answer:
    """Replace the attributes."""
    _enabled_attributes(held)
    keep(call, held, replace(settings_of(held), attributes=_sources(given[_CONFIGURATION])))
    return {}


@sso_admin.write(
    "DeleteInstanceAccessControlAttributeConfiguration", on=targets.organization_instance, context=(primary_region,)
)
def delete_configuration(call: WriteCall, given: Mapping[str, Any], held: Held) -> Answer:
    """Disable attributes for access control, and remove them."""
    _enabled_attributes(held)
    keep(call, held, replace(settings_of(held), attributes=None))
    return {}


def _enabled_attributes(held: Held) -> Mapping[str, str]:
    attributes = settings_of(held).attributes
    if attributes is None:
        raise Missing("Attributes for access control are not enabled.")
    return attributes


def _sources(configuration: Mapping[str, Any]) -> dict[str, str]:
    """Session tag to the source of its value.

    Raises Invalid for a tag given twice or reserved, and for a source that this server finds no value by: a tag that
    no session ever had would be missing in decisions, and nobody would know why.
    """
    found: dict[str, str] = {}
    for attribute in configuration["AccessControlAttributes"]:
        key: str = attribute["Key"]
        (source,) = attribute["Value"]["Source"]
        if name_key(key).startswith("aws:") or name_key(key) in map(name_key, found):
            raise Invalid(f"The attribute {key} is given twice, or begins with aws:.")
        if path_of(source) is None:
            raise Invalid(f"{source} is no attribute of a user, such as ${{path:enterprise.department}}.")
        found[key] = source
    return found
