"""How an application gets tokens: its grants, access scopes, authentication methods and sessions.

https://docs.aws.amazon.com/singlesignon/latest/userguide/customermanagedapps-saml2-oauth2.html
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace
from typing import Any
from urllib.parse import urlsplit

from carnet.base.faults import Invalid, Missing
from carnet.entities.sso_application import SsoApplication
from carnet.entities.trusted_token_issuer import TrustedTokenIssuer
from carnet.policy.document import Grammar
from carnet.services.documents import POOL, ReadDocument, document, read_document
from carnet.services.operation import Answer, AnyCall, Call, WriteCall
from carnet.services.paging import page
from carnet.services.preparing import Preparation
from carnet.services.sso_admin import application_targets as targets
from carnet.services.sso_admin.application_targets import keys_in_instance
from carnet.services.sso_admin.applications import save
from carnet.services.sso_admin.callers import Held
from carnet.services.sso_admin.service import sso_admin

_GRANTS = {
    "authorization_code": "AuthorizationCode",
    "refresh_token": "RefreshToken",
    "urn:ietf:params:oauth:grant-type:jwt-bearer": "JwtBearer",
    "urn:ietf:params:oauth:grant-type:token-exchange": "TokenExchange",
}
"""Grant type to the member of the union Grant that has to be given with it."""
_MOST_SCOPES = 100
_LONGEST_POLICY = 10_240


def _register(
    attribute: str,
    member: str,
    *,
    put: str,
    get: str,
    delete: str,
    kept: Any,
    told: Any,
    answered: Any,
    prepare: Preparation | None = None,
) -> None:
    """Register the operations of these names on one mapping of an application, whose key is in `member`.

    `kept` makes the stored value of an input, `told` the answer from it; `prepare` belongs to the put operation.
    """

    _register_put(put, attribute, member, kept, prepare)

    @sso_admin.read(get, on=targets.application, context=(keys_in_instance,))
    def get_one(call: Call, given: Any, holder: Held, one: SsoApplication) -> Answer:
        """Describe an entry."""
        answer: Answer = answered(given[member], told(_of(one, attribute, given, member)))
        return answer

    @sso_admin.write(delete, on=targets.application, context=(keys_in_instance,))
    def delete_one(call: WriteCall, given: Any, holder: Held, one: SsoApplication) -> Answer:
        """Remove an entry."""
        _of(one, attribute, given, member)
        values = {key: value for key, value in getattr(one, attribute).items() if key != given[member]}
        save(call, one, _with(one, attribute, values))
        return {}


def _register_put(operation: str, attribute: str, member: str, kept: Any, prepare: Preparation | None) -> None:
    @sso_admin.write(operation, on=targets.application, context=(keys_in_instance,), prepare=prepare)
    def put_one(call: WriteCall, given: Any, holder: Held, one: SsoApplication) -> Answer:
        """Set an entry."""
        values = {**getattr(one, attribute), given[member]: kept(call, given, holder)}
        if len(values) > _MOST_SCOPES:
            raise Invalid(f"An application can have at most {_MOST_SCOPES} access scopes.")
        save(call, one, _with(one, attribute, values))
        return {}


def _of(one: SsoApplication, attribute: str, given: Any, member: str) -> Any:
    value = getattr(one, attribute).get(given[member])
    if value is None:
        raise Missing(f"The application has no {given[member]}.")
    return value


def _list(operation: str, attribute: str, *, answer: str, item: Any) -> None:
    """Register the operation of that name, which lists one mapping of an application."""

    @sso_admin.read(operation, on=targets.application, context=(keys_in_instance,))
    def list_all(call: Call, given: Any, holder: Held, one: SsoApplication) -> Answer:
        """All entries, by key."""
        values = sorted(getattr(one, attribute).items())
        found = page(call.paging, operation, values, given, key=lambda each: str(each[0]))
        return found.answer(answer, lambda each: item(*each))


def _with(one: SsoApplication, attribute: str, values: Mapping[str, Any]) -> SsoApplication:
    changed: dict[str, Any] = {attribute: values}
    return replace(one, **changed)


def _grant(call: Call, given: Mapping[str, Any], holder: Held) -> dict[str, Any]:
    """Raises Invalid for a grant of another type, or with something that does not exist."""
    grant: dict[str, Any] = given["Grant"]
    member = _GRANTS[given["GrantType"]]
    if grant.keys() != {member}:
        raise Invalid(f"The Grant of the type {given['GrantType']} is {member}.")
    for uri in grant[member].get("RedirectUris", ()):
        if not _is_absolute(uri):
            raise Invalid(f"{uri} is no absolute URI without a fragment.")
    for authorized in grant[member].get("AuthorizedTokenIssuers", ()):
        arn = authorized.get("TrustedTokenIssuerArn", "")
        found = holder.view.of(TrustedTokenIssuer).get(arn.rpartition("/")[2])
        if found is None or found.arn != arn:
            raise Invalid(f"{arn} is no trusted token issuer of the instance.")
    return grant


def _is_absolute(uri: str) -> bool:
    try:
        parts = urlsplit(uri)
    except ValueError:  # brackets that hold no IPv6 address
        return False
    return bool(parts.scheme) and not parts.fragment


def _read_method(call: AnyCall, given: Mapping[str, Any]) -> ReadDocument | None:
    """The parsed ActorPolicy of the input; None if there is none."""
    if "Iam" not in given["AuthenticationMethod"]:
        return None
    text = json.dumps(given["AuthenticationMethod"]["Iam"]["ActorPolicy"])
    return read_document(text, Grammar.RESOURCE, _LONGEST_POLICY)


def _method(call: Call, given: Mapping[str, Any], holder: Held) -> dict[str, Any]:
    """Raises Malformed unless the ActorPolicy is a resource-based policy."""
    method: dict[str, Any] = given["AuthenticationMethod"]
    read = call.prepared
    if not isinstance(read, ReadDocument):
        raise Invalid("The AuthenticationMethod of the type IAM is Iam.")
    if len(read.text) > _LONGEST_POLICY:
        raise Invalid(f"An ActorPolicy can have at most {_LONGEST_POLICY} characters.")
    document(call, read.text, Grammar.RESOURCE, holder.instance.partition)
    return method


_register(
    "grants",
    "GrantType",
    put="PutApplicationGrant",
    get="GetApplicationGrant",
    delete="DeleteApplicationGrant",
    kept=_grant,
    told=dict,
    answered=lambda key, grant: {"Grant": grant},
)
_list(
    "ListApplicationGrants",
    "grants",
    answer="Grants",
    item=lambda key, grant: {"GrantType": key, "Grant": grant},
)
_register(
    "methods",
    "AuthenticationMethodType",
    put="PutApplicationAuthenticationMethod",
    get="GetApplicationAuthenticationMethod",
    delete="DeleteApplicationAuthenticationMethod",
    kept=_method,
    told=dict,
    answered=lambda key, method: {"AuthenticationMethod": method},
    prepare=Preparation(pool=POOL, work=_read_method),
)
_list(
    "ListApplicationAuthenticationMethods",
    "methods",
    answer="AuthenticationMethods",
    item=lambda key, method: {"AuthenticationMethodType": key, "AuthenticationMethod": method},
)


def _scope(key: str, authorized: list[str]) -> dict[str, Any]:
    return {"Scope": key} | ({"AuthorizedTargets": authorized} if authorized else {})


_register(
    "scopes",
    "Scope",
    put="PutApplicationAccessScope",
    get="GetApplicationAccessScope",
    delete="DeleteApplicationAccessScope",
    kept=lambda call, given, holder: given.get("AuthorizedTargets", []),
    told=list,
    answered=_scope,
)
_list("ListApplicationAccessScopes", "scopes", answer="Scopes", item=_scope)


@sso_admin.write("PutApplicationSessionConfiguration", on=targets.application, context=(keys_in_instance,))
def put_session_configuration(call: WriteCall, given: Mapping[str, Any], holder: Held, one: SsoApplication) -> Answer:
    """Set whether background sessions of people are enabled."""
    status = given.get("UserBackgroundSessionApplicationStatus", one.background_sessions)
    save(call, one, replace(one, background_sessions=status))
    return {}


@sso_admin.read("GetApplicationSessionConfiguration", on=targets.application, context=(keys_in_instance,))
def get_session_configuration(call: Call, given: Mapping[str, Any], holder: Held, one: SsoApplication) -> Answer:
    """Whether background sessions of people are enabled."""
    return {"UserBackgroundSessionApplicationStatus": one.background_sessions}
