"""Applications of SAML 2.0, which AWS makes in its console alone."""

from __future__ import annotations

from typing import Annotated, Any

from msgspec import Meta, field

from carnet.base.faults import Missing
from carnet.entities.operator_token import OperatorScope
from carnet.entities.saml_application import SamlApplication
from carnet.identity.saml_signing_keys import new_key_pair
from carnet.server.own_api.endpoint import Endpoint, Input, OwnCall, OwnWriteCall, Told, Turn
from carnet.server.own_api.saml_keys import KeyChange, new_key
from carnet.services.preparing import Preparation
from carnet.services.saml_applications import (
    MAKING,
    Wanted,
    found_application,
    new_application,
    signing_with,
    told,
    with_new_key,
    without_key,
)

_PATH = "accounts/{account}/identity-center/saml-applications"
_Text = Annotated[str, Meta(max_length=8192)]


class NewApplication(Input, frozen=True, kw_only=True):
    """As `services.saml_applications.Wanted`, which says what each may be."""

    name: _Text
    acs_urls: Annotated[tuple[_Text, ...], Meta(max_length=10)]
    audience: _Text
    subject: _Text = "${user:subject}"
    subject_format: _Text = "unspecified"
    attributes: dict[_Text, _Text] = field(default_factory=dict[str, str])
    relay_state: _Text = ""
    session_seconds: int = 3600
    request_certificate: Annotated[str, Meta(max_length=16_384)] = ""


def list_applications(call: OwnCall) -> Told:
    """Those of the account, and what service providers have to be told; addresses without the server's URL."""
    view = call.snapshot.open_account(call.named_account)
    if view is None:
        raise Missing(f"There is no account {call.account}.")
    found = [both for one in view.of(SamlApplication) if (both := found_application(view, one.id)) is not None]
    return {"applications": [told(*both, "") for both in found]}


def create(call: OwnWriteCall) -> Told:
    """Add an application."""
    given: NewApplication = call.given
    wanted, pair = call.prepared
    made = new_application(call.transaction, wanted, pair, account=call.named_account)
    return {"applicationId": made.id, "name": given.name}


def change_keys(call: OwnWriteCall) -> Told:
    """Add a key, let another one sign, or remove one that does not."""
    given: KeyChange = call.given
    named: dict[str, Any] = {"account": call.named_account, "application": call.path["application"]}
    match given.action:
        case "add":
            after = with_new_key(call.transaction, call.prepared, **named)
        case "use":
            after = signing_with(call.store, call.snapshot, key=given.key_id, **named)
        case _:
            after = without_key(call.store, call.snapshot, key=given.key_id, **named)
    return {"keys": [key.id for key in after.keys]}


def _prepare(call: OwnCall, given: NewApplication) -> object:
    wanted = Wanted(
        name=given.name,
        acs_urls=given.acs_urls,
        audience=given.audience,
        subject=given.subject,
        subject_format=given.subject_format,
        attributes=given.attributes,
        relay_state=given.relay_state,
        session_seconds=given.session_seconds,
        request_certificate=given.request_certificate,
    )
    return wanted, new_key_pair("Carnet", call.now)


ENDPOINTS = (
    Endpoint(
        name="ListSamlApplications",
        method="GET",
        path=_PATH,
        scope=OperatorScope.ACCOUNTS_READ,
        resource=None,
        body=list_applications,
    ),
    Endpoint(
        name="CreateSamlApplication",
        method="POST",
        path=_PATH,
        scope=OperatorScope.ACCOUNTS_WRITE,
        resource=None,
        body=create,
        turn=Turn.IN_TRANSACTION,
        given=NewApplication,
        prepare=Preparation(pool=MAKING, work=_prepare),
        status=201,
        audited=dict,
    ),
    Endpoint(
        name="ChangeSamlApplicationKeys",
        method="POST",
        path=f"{_PATH}/{{application}}/keys",
        scope=OperatorScope.ACCOUNTS_WRITE,
        resource=None,
        body=change_keys,
        turn=Turn.IN_TRANSACTION,
        given=KeyChange,
        prepare=Preparation(pool=MAKING, work=new_key),
        audited=dict,
    ),
)
