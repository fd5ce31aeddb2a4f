"""SAML 2.0 applications that people sign in to. AWS offers their creation in its console only.

The attributes of an assertion come from the identity store, by the attribute mappings of the application.

https://docs.aws.amazon.com/singlesignon/latest/userguide/attributemappingsconcept.html
"""

from __future__ import annotations

import base64
import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from urllib.parse import urlsplit

from carnet.base.faults import Invalid, Missing, TooMany
from carnet.base.loopback import is_loopback_host
from carnet.base.timestamps import iso_seconds
from carnet.directory.account_view import AccountView
from carnet.directory.identity_center import memberships_of_user
from carnet.directory.snapshot import Snapshot
from carnet.entities.identity_center_instance import Instance
from carnet.entities.identity_store_user import IdentityStoreUser
from carnet.entities.saml_application import SamlApplication
from carnet.entities.saml_signing_key import SamlSigningKey, check_room, signing_first, without
from carnet.entities.sso_application import SsoApplication
from carnet.identity.saml_signing_keys import NewKeyPair, sealed_signing_key
from carnet.services.attribute_sources import PATHS, value_at
from carnet.services.identity_center import owned_instance
from carnet.services.operator_event import operator_event
from carnet.services.preparing import Pool
from carnet.services.transaction import OperatorCall, Transaction
from carnet.store.unit_of_work import Unit

MAKING = Pool(name="saml-application-keys", size=1, waiting=8, seconds=10.0)
PROVIDER = "arn:{partition}:sso::aws:applicationProvider/custom-saml"
MOST_APPLICATIONS = 500
_FORMATS: Mapping[str, str] = {
    "emailAddress": "urn:oasis:names:tc:SAML:1.1:nameid-format:emailAddress",
    "persistent": "urn:oasis:names:tc:SAML:2.0:nameid-format:persistent",
    "unspecified": "urn:oasis:names:tc:SAML:1.1:nameid-format:unspecified",
}
_USER: Mapping[str, str] = {
    "email": "emails[primary eq true].value",
    "familyName": "name.familyName",
    "givenName": "name.givenName",
    "middleName": "name.middleName",
    "name": "displayName",
    "preferredUsername": "userName",
    "subject": "userName",
}
"""Name of `${user:...}`, as AWS's console takes it, to where that is in the identity store."""
_GROUPS = "${user:groups}"
_SOURCE = re.compile(r"\$\{(user|path):([^${}]+)\}")
_ID_BYTES = 8
_MOST_URLS, _MOST_ATTRIBUTES = 10, 50
_LONGEST_URL, _LONGEST_TEXT, _LONGEST_NAME = 1024, 2048, 100
_PRINTABLE = re.compile(r"[!-~]+", re.ASCII)
_TEXT = re.compile(r"[^\x00-\x1f\x7f\ud800-\udfff\ufffe\uffff]*")


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """The settings of a new application. Raises Invalid for settings that no application can have."""

    name: str
    acs_urls: tuple[str, ...]
    audience: str
    subject: str = "${user:subject}"
    subject_format: str = "unspecified"
    attributes: Mapping[str, str] = field(default_factory=dict[str, str])
    relay_state: str = ""
    session_seconds: int = 3600
    request_certificate: str = ""
    """PEM, or base64 of DER."""

    def __post_init__(self) -> None:
        if not 1 <= len(self.name) <= _LONGEST_NAME or _TEXT.fullmatch(self.name) is None:
            raise Invalid(f"A name has 1 to {_LONGEST_NAME} characters, and no control characters.")
        if not 1 <= len(self.acs_urls) <= _MOST_URLS or not all(map(is_web_address, self.acs_urls)):
            raise Invalid(
                f"An ACS URL is an https URL (http on loopback) without a fragment; there are 1 to {_MOST_URLS}."
            )
        if not 1 <= len(self.audience) <= _LONGEST_URL or _PRINTABLE.fullmatch(self.audience) is None:
            raise Invalid(f"An audience has 1 to {_LONGEST_URL} printable characters.")
        if self.subject_format not in _FORMATS:
            raise Invalid(f"The format of the subject is one of {', '.join(_FORMATS)}.")
        if len(self.relay_state) > _LONGEST_URL or _TEXT.fullmatch(self.relay_state) is None:
            raise Invalid(f"A relay state has at most {_LONGEST_URL} characters, and no control characters.")
        if not 900 <= self.session_seconds <= 43_200:
            raise Invalid("A session lasts 900 to 43200 seconds.")
        if len(self.attributes) > _MOST_ATTRIBUTES or not all(1 <= len(each) <= 512 for each in self.attributes):
            raise Invalid(f"There are at most {_MOST_ATTRIBUTES} attributes, whose names have 1 to 512 characters.")
        for text in (self.subject, *self.attributes.values()):
            _check_source(text)
        if self.subject == _GROUPS:
            raise Invalid("The subject is one value, and no list of groups.")
        if not all(_TEXT.fullmatch(each) for each in self.attributes):
            raise Invalid("The name of an attribute has no control characters.")


def is_web_address(text: str) -> bool:
    """Whether browsers may be sent to an address: https, or http on loopback, and without a fragment."""
    try:
        parts = urlsplit(text)
        _ = parts.port
    except ValueError:
        return False
    safe = parts.scheme == "https" or (parts.scheme == "http" and is_loopback_host(parts.hostname or ""))
    clean = len(text) <= _LONGEST_URL and _PRINTABLE.fullmatch(text) is not None and not parts.fragment
    return safe and clean and bool(parts.hostname) and parts.username is None and not set("\"';,<>\\") & set(text)


def _check_source(text: str) -> None:
    """Raises Invalid for a mapping that is too long, or names an attribute that people do not have."""
    if not 1 <= len(text) <= _LONGEST_TEXT or _TEXT.fullmatch(text) is None:
        raise Invalid(f"A mapping has 1 to {_LONGEST_TEXT} characters, and no control characters.")
    if text == _GROUPS:
        return
    known = [name in _USER if kind == "user" else name in PATHS for kind, name in _SOURCE.findall(text)]
    if not all(known) or "${" in _SOURCE.sub("", text):
        raise Invalid(
            f"{text[:128]} is no mapping: it takes ${{user:NAME}} with {', '.join(_USER)} or groups, or ${{path:...}}."
        )


def new_application(transaction: Transaction, wanted: Wanted, pair: NewKeyPair, *, account: str) -> SamlApplication:
    """Add an application that people have to be assigned to (CreateApplicationAssignment). Raises Missing, TooMany."""
    view, instance = owned_instance(transaction.snapshot, account)
    if len(view.of(SsoApplication)) >= MOST_APPLICATIONS:
        raise TooMany(f"An instance can have at most {MOST_APPLICATIONS} applications.")
    application = _shown_in_portal(
        f"apl-{transaction.ids.random(_ID_BYTES).hex()}", instance, wanted.name, transaction.now
    )
    made = SamlApplication(
        id=application.id,
        account=account,
        acs_urls=wanted.acs_urls,
        audience=wanted.audience,
        subject=wanted.subject,
        subject_format=_FORMATS[wanted.subject_format],
        attributes=wanted.attributes,
        relay_state=wanted.relay_state,
        session_seconds=wanted.session_seconds,
        request_certificate=_certificate(wanted.request_certificate),
        keys=(_seal_key(transaction, pair, account, application.id),),
    )
    transaction.unit.add(application)
    transaction.unit.add(made)
    return made


def _shown_in_portal(id_: str, instance: Instance, name: str, now: datetime) -> SsoApplication:
    return SsoApplication(
        id=id_,
        account=instance.account,
        instance=instance.id,
        partition=instance.partition,
        application_account=instance.account,
        provider=PROVIDER.format(partition=instance.partition),
        name=name,
        portal={"Visibility": "ENABLED", "SignInOptions": {"Origin": "IDENTITY_CENTER"}},
        created=now,
    )


def with_new_key(transaction: Transaction, pair: NewKeyPair, *, account: str, application: str) -> SamlApplication:
    """Add a key that does not sign yet: service providers need its certificate first. Raises Missing, TooMany."""
    one = _find_application(transaction.snapshot, account, application)
    check_room(one.keys)
    key = _seal_key(transaction, pair, account, one.id)
    return _save(transaction.unit, replace(one, keys=(*one.keys, key)))


def _seal_key(transaction: Transaction, pair: NewKeyPair, account: str, application: str) -> SamlSigningKey:
    return sealed_signing_key(transaction.keyring, transaction.ids, pair, SamlApplication, account, application)


def signing_with(unit: Unit, snapshot: Snapshot, *, account: str, application: str, key: str) -> SamlApplication:
    """Let that key sign from now on. Raises Missing."""
    one = _find_application(snapshot, account, application)
    return _save(unit, replace(one, keys=signing_first(one.keys, key)))


def without_key(unit: Unit, snapshot: Snapshot, *, account: str, application: str, key: str) -> SamlApplication:
    """Remove a key that does not sign. Raises Missing, InUse."""
    one = _find_application(snapshot, account, application)
    return _save(unit, replace(one, keys=without(one.keys, key)))


def _save(unit: Unit, one: SamlApplication) -> SamlApplication:
    unit.save(one)
    return one


def subject_of(view: AccountView, one: SamlApplication, person: IdentityStoreUser) -> str | None:
    """The NameID of a person; None if an attribute that it is made of is not known."""
    values = _values(view, one.subject, person)
    return values[0] if values and values[0] else None


def attributes_of(view: AccountView, one: SamlApplication, person: IdentityStoreUser) -> dict[str, tuple[str, ...]]:
    """The attributes of a person in an assertion, by name, without those that are not known. `view` is the account that
    owns the instance."""
    found = {name: _values(view, source, person) for name, source in one.attributes.items()}
    return {name: values for name, values in found.items() if values}


def _values(view: AccountView, source: str, person: IdentityStoreUser) -> tuple[str, ...]:
    """INVARIANT: if one value is not known, the whole text is unknown; no part of it is sent."""
    if source == _GROUPS:
        return tuple(membership.group for membership in memberships_of_user(view, person.id))
    found = {
        f"${{{kind}:{name}}}": value_at(person, _USER[name] if kind == "user" else name)
        for kind, name in _SOURCE.findall(source)
    }
    if any(value is None or _TEXT.fullmatch(value) is None for value in found.values()):
        return ()
    return (_SOURCE.sub(lambda match: found[match.group(0)] or "", source),)


def told(one: SamlApplication, application: SsoApplication, url: str) -> dict[str, object]:
    """The members of an application in answers, with what its service provider needs. `url` is the server's address for
    browsers."""
    return {
        "applicationArn": application.arn,
        "name": application.name,
        "issuerUrl": issuer_url(url, one.id),
        "signInUrl": issuer_url(url, one.id),
        "metadataUrl": f"{url}/saml/metadata/{one.id}",
        "acsUrls": list(one.acs_urls),
        "audience": one.audience,
        "subject": one.subject,
        "subjectFormat": one.subject_format,
        "attributes": dict(one.attributes),
        "relayState": one.relay_state,
        "sessionSeconds": one.session_seconds,
        "signedRequests": bool(one.request_certificate),
        "keys": [
            {"keyId": each.id, "signs": each is one.keys[0], "expires": iso_seconds(each.expires)} for each in one.keys
        ],
    }


def issuer_url(url: str, application: str) -> str:
    """The entityID of this server for an application, and where that sends people to sign in."""
    return f"{url}/saml/assertion/{application}"


def found_application(view: AccountView, application: str) -> tuple[SamlApplication, SsoApplication] | None:
    """Both entities of an application; None unless both exist."""
    one, side = view.of(SamlApplication).get(application), view.of(SsoApplication).get(application)
    return None if one is None or side is None else (one, side)


def create_here(call: OperatorCall, wanted: Wanted, pair: NewKeyPair, *, account: str) -> str:
    """Add an application as the operator of the installation, in a change of its own; returns its id."""
    with call.transaction() as transaction:
        made = new_application(transaction, wanted, pair, account=account)
        shown = {"account": account, "application": made.id, "name": wanted.name, "audience": wanted.audience}
        transaction.unit.audit(operator_event("CreateSamlApplication", shown, call.now))
    return made.id


def _certificate(text: str) -> str:
    """Base64 of DER. Raises Invalid unless it is a certificate whose key can verify signatures."""
    if not text:
        return ""
    from cryptography import x509
    from cryptography.hazmat.primitives.asymmetric import ec, rsa
    from cryptography.hazmat.primitives.serialization import Encoding

    try:
        if "-----BEGIN" in text:
            read = x509.load_pem_x509_certificate(text.encode())
        else:
            read = x509.load_der_x509_certificate(base64.b64decode("".join(text.split()), validate=True))
        key = read.public_key()
    except Exception as problem:  # a certificate can contain anything
        raise Invalid("The certificate of the service provider cannot be read.") from problem
    if not isinstance(key, rsa.RSAPublicKey | ec.EllipticCurvePublicKey):
        raise Invalid("The key of the service provider's certificate is neither RSA nor of an elliptic curve.")
    return base64.b64encode(read.public_bytes(Encoding.DER)).decode("ascii")


def _find_application(snapshot: Snapshot, account: str, application: str) -> SamlApplication:
    view, _ = owned_instance(snapshot, account)
    found = view.of(SamlApplication).get(application)
    if found is None:
        raise Missing(f"The account {account} has no SAML application {application}.")
    return found
