"""Settings of an account in IAM: account properties, the version of session tokens.

https://docs.aws.amazon.com/IAM/latest/APIReference/API_PutAccountProperties.html
https://docs.aws.amazon.com/IAM/latest/APIReference/API_SetSecurityTokenServicePreferences.html
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from carnet.access.authorize import Check
from carnet.base.faults import Invalid, Refused
from carnet.entities.iam_settings import ACCOUNT_PROPERTIES, ROLE_MANAGER, V1_TOKENS, V2_TOKENS, IamSettings
from carnet.services.iam import sentences
from carnet.services.iam.condition_keys import held_namespaces, property_namespaces
from carnet.services.iam.service import iam
from carnet.services.linked_roles import has_linked_role, linked_role_of, making_linked_role, service_linked_role
from carnet.services.operation import Answer, Call, WriteCall, account_wide
from carnet.services.target import Keys

if TYPE_CHECKING:
    from types_boto3_iam.type_defs import (
        PutAccountPropertiesRequestTypeDef,
        SetSecurityTokenServicePreferencesRequestTypeDef,
    )

_BOOLEANS = frozenset(("true", "false"))
_SERVICE = "role-manager.iam.amazonaws.com"
_TOKEN_VERSIONS = {"v1Token": V1_TOKENS, "v2Token": V2_TOKENS}


def settings_of(call: Call) -> IamSettings:
    """The account's settings, or the defaults if it has changed none."""
    return call.view.of(IamSettings).get(call.account) or IamSettings(account=call.account)


def save_settings(call: WriteCall, settings: IamSettings) -> None:
    """Store the account's settings if they have changed."""
    stored = call.view.of(IamSettings).get(settings.account)
    if stored is None:
        call.store.add(settings)
    elif settings != stored:
        call.store.save(settings)


@iam.read("GetAccountProperties", on=account_wide, context=(held_namespaces,))
def get_account_properties(call: Call, given: Any) -> Answer:
    """Every property, including those that were never set."""
    return {"Properties": {**ACCOUNT_PROPERTIES, **settings_of(call).properties}}


def makes_role(call: Call, given: Any, target: object, keys: Keys) -> Iterator[Check]:
    """iam:CreateServiceLinkedRole, if IAM role manager is to be enabled and its role does not exist yet."""
    if given["Properties"].get(ROLE_MANAGER) == "true":
        yield from making_linked_role(call, linked_role_of(_SERVICE))


@iam.write("PutAccountProperties", on=account_wide, also=(makes_role,), context=(property_namespaces,))
def put_account_properties(call: WriteCall, given: PutAccountPropertiesRequestTypeDef) -> Answer:
    """Set properties of one namespace; all of them, or none. Others of the namespace are passed over, as by AWS.

    IAM role manager gets its service-linked role when it is enabled, and keeps it when it is disabled.
    """
    _check_properties(given["Properties"])
    linked = linked_role_of(_SERVICE)
    if given["Properties"].get(ROLE_MANAGER) == "true" and not has_linked_role(call.view, linked):
        call.store.add(service_linked_role(call.ids, call.view.account, linked, name=linked.name, now=call.now))
    wanted = {key: value for key, value in given["Properties"].items() if key in ACCOUNT_PROPERTIES}
    settings = settings_of(call)
    save_settings(call, replace(settings, properties={**settings.properties, **wanted}))
    return {}


def _check_properties(wanted: Mapping[str, str]) -> None:
    """Raises Invalid for no properties at all, else Refused (InvalidInput)."""
    if not wanted:
        raise Invalid(sentences.PROPERTIES_EMPTY)
    for key in wanted:
        if "/" not in key:
            raise Refused("InvalidInput", sentences.property_name(key))
    if len({key.partition("/")[0] for key in wanted}) > 1:
        raise Refused("InvalidInput", sentences.PROPERTY_NAMESPACES)
    namespace = next(iter(wanted)).partition("/")[0]
    known = [key for key in ACCOUNT_PROPERTIES if key.startswith(f"{namespace}/")]
    if not known:
        raise Refused("InvalidInput", sentences.namespace_unsupported(namespace))
    for key in known:
        name = key.partition("/")[2]
        if key not in wanted:
            raise Refused("InvalidInput", sentences.property_needed(namespace, name))
        if wanted[key] not in _BOOLEANS:
            raise Refused("InvalidInput", sentences.property_not_boolean(name))


@iam.write("SetSecurityTokenServicePreferences", on=account_wide)
def set_security_token_service_preferences(
    call: WriteCall, given: SetSecurityTokenServicePreferencesRequestTypeDef
) -> Answer:
    """Choose the version of the session tokens of the global endpoint.

    Tokens of this server are valid in every Region, whichever version is chosen.
    """
    version = _TOKEN_VERSIONS[given["GlobalEndpointTokenVersion"]]
    save_settings(call, replace(settings_of(call), global_token_version=version))
    return {}
