"""How an application gets tokens: its grants, access scopes, authentication methods and sessions.

https://docs.aws.amazon.com/singlesignon/latest/userguide/customermanagedapps-saml2-oauth2.html
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace
from typing import Any, NamedTuple
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


class _Entries(NamedTuple):
    """One mapping of an application."""

    attribute: str
    """Of `SsoApplication`."""
    member: str
    """The member of inputs that has the key of an entry."""

    def one_of(self, application: SsoApplication, given: Any) -> Any:
        """The value that the input is about. Raises Missing."""
        value = getattr(application, self.attribute).get(given[self.member])
        if value is None:
            raise Missing(f"The application has no {given[self.member]}.")
        return value

    def with_all(self, application: SsoApplication, values: Mapping[str, Any]) -> SsoApplication:
        """The application with these entries instead."""
        changed: dict[str, Any] = {self.attribute: values}
        return replace(application, **changed)


def _register(
    entries: _Entries, *, put: str, get: str, delete: str, kept: Any, told: Any, prepare: Preparation | None = None
) -> None:
    """Register the operations of these names on the entries.

    `kept` makes the stored value of an input, `told` the answer from an entry; `prepare` belongs to the put operation.
    """

    _register_put(put, entries, kept, prepare)

    @sso_admin.read(get, on=targets.application, context=(keys_in_instance,))
    def get_one(call: Call, given: Any, holder: Held, one: SsoApplication) -> Answer:
        """Describe an entry."""
        answer: Answer = told(given[entries.member], entries.one_of(one, given))
        return answer

    @sso_admin.write(delete, on=targets.application, context=(keys_in_instance,))
    def delete_one(call: WriteCall, given: Any, holder: Held, one: SsoApplication) -> Answer:
        """Remove an entry."""
        entries.one_of(one, given)
        key = given[entries.member]
        values = {each: value for each, value in getattr(one, entries.attribute).items() if each != key}
        save(call, one, entries.with_all(one, values))
        return {}


def _register_put(operation: str, entries: _Entries, kept: Any, prepare: Preparation | None) -> None:
    @sso_admin.write(operation, on=targets.application, context=(keys_in_instance,), prepare=prepare)
    def put_one(call: WriteCall, given: Any, holder: Held, one: SsoApplication) -> Answer:
        """Set an entry."""
        values = {**getattr(one, entries.attribute), given[entries.member]: kept(call, given, holder)}
        if len(values) > _MOST_SCOPES:
            raise Invalid(f"An application can have at most {_MOST_SCOPES} access scopes.")
        save(call, one, entries.with_all(one, values))
        return {}


def _list(operation: str, entries: _Entries, *, answer: str, item: Any) -> None:
    """Register the operation of that name, which lists the entries."""

    @sso_admin.read(operation, on=targets.application, context=(keys_in_instance,))
    def list_all(call: Call, given: Any, holder: Held, one: SsoApplication) -> Answer:
        """All entries, by key."""
        values = sorted(getattr(one, entries.attribute).items())
        found = page(call.paging, operation, values, given, key=lambda each: str(each[0]))
        return found.answer(answer, lambda each: item(*each))


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


_GRANT_ENTRIES = _Entries("grants", "GrantType")
_METHOD_ENTRIES = _Entries("methods", "AuthenticationMethodType")
_SCOPE_ENTRIES = _Entries("scopes", "Scope")

_register(
    _GRANT_ENTRIES,
    put="PutApplicationGrant",
    get="GetApplicationGrant",
    delete="DeleteApplicationGrant",
    kept=_grant,
    told=lambda key, grant: {"Grant": dict(grant)},
)
_list(
    "ListApplicationGrants",
    _GRANT_ENTRIES,
    answer="Grants",
    item=lambda key, grant: {"GrantType": key, "Grant": grant},
)
_register(
    _METHOD_ENTRIES,
    put="PutApplicationAuthenticationMethod",
    get="GetApplicationAuthenticationMethod",
    delete="DeleteApplicationAuthenticationMethod",
    kept=_method,
    told=lambda key, method: {"AuthenticationMethod": dict(method)},
    prepare=Preparation(pool=POOL, work=_read_method),
)
_list(
    "ListApplicationAuthenticationMethods",
    _METHOD_ENTRIES,
    answer="AuthenticationMethods",
    item=lambda key, method: {"AuthenticationMethodType": key, "AuthenticationMethod": method},
)


def _scope(key: str, authorized: list[str]) -> dict[str, Any]:
    return {"Scope": key} | ({"AuthorizedTargets": authorized} if authorized else {})


_register(
    _SCOPE_ENTRIES,
    put="PutApplicationAccessScope",
    get="GetApplicationAccessScope",
    delete="DeleteApplicationAccessScope",
    kept=lambda call, given, holder: given.get("AuthorizedTargets", []),
    told=_scope,
)
_list("ListApplicationAccessScopes", _SCOPE_ENTRIES, answer="Scopes", item=_scope)


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
