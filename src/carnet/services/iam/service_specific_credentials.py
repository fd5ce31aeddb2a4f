"""Service-specific credentials: a name with a password, or an API key, for one service.

https://docs.aws.amazon.com/IAM/latest/APIReference/API_CreateServiceSpecificCredential.html
"""

from __future__ import annotations

import base64
from dataclasses import replace
from datetime import timedelta
from itertools import count
from typing import TYPE_CHECKING

from carnet.base.faults import Refused
from carnet.base.ids import SERVICE_SPECIFIC_CREDENTIAL, Ids
from carnet.entities.service_specific_credential import ServiceSpecificCredential, presented_as, secret_digest
from carnet.entities.user import User
from carnet.services.iam import sentences, shapes, targets
from carnet.services.iam.condition_keys import credential_service, new_credential
from carnet.services.iam.holdings import Holder, Holding, change_family, check_room
from carnet.services.iam.quotas import IamQuotas
from carnet.services.iam.service import iam
from carnet.services.operation import Answer, Call, WriteCall
from carnet.services.paging import page

if TYPE_CHECKING:
    from types_boto3_iam.type_defs import (
        CreateServiceSpecificCredentialRequestTypeDef,
        ListServiceSpecificCredentialsRequestTypeDef,
        ResetServiceSpecificCredentialRequestTypeDef,
    )

_WITH_PASSWORDS = frozenset(("cassandra.amazonaws.com", "codecommit.amazonaws.com"))
_WITH_API_KEYS = {"bedrock.amazonaws.com": "ABSK", "logs.amazonaws.com": "ACWL"}
"""Service principal to how its API keys begin."""
_SECRET_BYTES = 32
_CREDENTIALS: Holding[ServiceSpecificCredential] = Holding(
    entity=ServiceSpecificCredential,
    id_member="ServiceSpecificCredentialId",
    missing=sentences.service_specific_credential_missing,
)


@iam.write("CreateServiceSpecificCredential", on=targets.user, context=(new_credential,))
def create_service_specific_credential(
    call: WriteCall, given: CreateServiceSpecificCredentialRequestTypeDef, user: User
) -> Answer:
    """Create a credential for one service. Only this answer has its secret, of which only the digest is stored."""
    service, days = given["ServiceName"], given.get("CredentialAgeDays")
    _check_service(service)
    quotas: IamQuotas = call.quotas
    held = [one for one in _CREDENTIALS.held(call, user) if one.service == service]
    check_room(held, "ContextSpecificCredentialsPerUserPerContext", quotas.service_specific_credentials_per_user)
    name = _free_name(call, user, service)
    secret = _new_secret(call.ids, service, name)
    credential = ServiceSpecificCredential(
        id=call.ids.unique(SERVICE_SPECIFIC_CREDENTIAL),
        account=call.account,
        owner=user.id,
        service=service,
        service_name=name,
        digest=secret_digest(secret),
        created=call.now,
        expires=None if days is None else call.now + timedelta(days=days),
    )
    call.store.add(credential)
    return {"ServiceSpecificCredential": _credential_members(call, credential, user) | _shown_once(credential, secret)}


@iam.write("ResetServiceSpecificCredential", on=targets.user_or_caller, context=(credential_service,))
def reset_service_specific_credential(
    call: WriteCall, given: ResetServiceSpecificCredentialRequestTypeDef, holder: Holder
) -> Answer:
    """Make a new secret, which only this answer has. The old one is no longer valid."""
    credential = _CREDENTIALS.find(call, given, holder)
    secret = _new_secret(call.ids, credential.service, credential.service_name)
    call.store.save(replace(credential, digest=secret_digest(secret)))
    return {
        "ServiceSpecificCredential": _credential_members(call, credential, holder) | _shown_once(credential, secret)
    }


@iam.read("ListServiceSpecificCredentials", on=targets.user_or_all)
def list_service_specific_credentials(
    call: Call, given: ListServiceSpecificCredentialsRequestTypeDef, holder: Holder | None
) -> Answer:
    """The credentials of a user, of the caller, or of all users; only those for ServiceName, if it is given."""
    service = given.get("ServiceName")
    if service is not None:
        _check_service(service)
    every = call.view.of(ServiceSpecificCredential) if holder is None else _CREDENTIALS.held(call, holder)
    asked = sorted((one for one in every if service in (None, one.service)), key=lambda one: one.id)
    found = page(call.paging, "ListServiceSpecificCredentials", asked, given, key=lambda one: one.id)
    users = call.view.of(User).by_id
    return found.answer("ServiceSpecificCredentials", lambda one: _credential_members(call, one, users[one.owner]))


change_family(
    _CREDENTIALS,
    update="UpdateServiceSpecificCredential",
    delete="DeleteServiceSpecificCredential",
    context=(credential_service,),
)


def _check_service(service: str) -> None:
    if service not in _WITH_PASSWORDS and service not in _WITH_API_KEYS:
        raise Refused("NotSupportedService", sentences.credential_service_unknown(service))


def _free_name(call: Call, user: User, service: str) -> str:
    """`jane-at-111122223333`, then `jane+1-at-111122223333`: the first that is free for this service."""
    given = call.view.of(ServiceSpecificCredential)
    names = (f"{user.name}{f'+{number}' if number else ''}-at-{user.account}" for number in count())
    return next(name for name in names if given.named(presented_as(service, name)) is None)


def _new_secret(ids: Ids, service: str, name: str) -> str:
    """A random password, or an API key, which contains the name that it is presented under."""
    drawn = base64.b64encode(ids.random(_SECRET_BYTES)).decode("ascii")
    beginning = _WITH_API_KEYS.get(service)
    return drawn if beginning is None else beginning + base64.b64encode(f"{name}:{drawn}".encode()).decode("ascii")


def _credential_members(call: Call, credential: ServiceSpecificCredential, holder: Holder) -> shapes.Structure:
    name = "ServiceCredentialAlias" if credential.service in _WITH_API_KEYS else "ServiceUserName"
    shape: shapes.Structure = {
        "Status": shapes.status(active=credential.active, expired=credential.has_expired(call.now)),
        name: credential.service_name,
        "CreateDate": credential.created,
        "ServiceSpecificCredentialId": credential.id,
        "ServiceName": credential.service,
    }
    expiry = {} if credential.expires is None else {"ExpirationDate": credential.expires}
    return {**shapes.user_name(holder), **shape, **expiry}


def _shown_once(credential: ServiceSpecificCredential, secret: str) -> shapes.Structure:
    return {"ServiceCredentialSecret" if credential.service in _WITH_API_KEYS else "ServicePassword": secret}
