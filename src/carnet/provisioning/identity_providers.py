"""Reads identity providers, as GetOpenIDConnectProvider and GetSAMLProvider describe them.

https://docs.aws.amazon.com/IAM/latest/APIReference/API_GetOpenIDConnectProvider.html
https://docs.aws.amazon.com/IAM/latest/APIReference/API_GetSAMLProvider.html

What only AWS makes is passed over. The member that AWS's form lacks is the Name of a SAML provider.
"""

from __future__ import annotations

from collections.abc import Iterator

from carnet.entities.oidc_provider import SCHEME
from carnet.entities.saml_provider import RESERVED_PROVIDER
from carnet.policy.case_members import Members, Misread, as_list
from carnet.provisioning.members import Place, as_text, check_arn, items, tags
from carnet.provisioning.wanted import ContextProvider, WantedOidcProvider, WantedSamlProvider

_OIDC = ("Url", "ClientIDList", "ThumbprintList", "ContextProvider", "Tags", "Arn", "CreateDate")
_SAML = (
    *("Name", "SAMLMetadataDocument", "ContextProvider", "Tags", "Arn", "CreateDate", "ValidUntil"),
    *("SAMLProviderUUID", "SAMLKeyHashes"),
)
_ASSOCIATION = ("IdentityCenterInstanceArn", "IdentityStoreArn")
"""What an answer of AWS may have, and a copy cannot: the instance is another one here."""
_CONTEXT = ("SubjectSourceKey", "SubjectTypeValue", "SubjectTypeSourceKey")
_DEFINITIONS = "KeyDefinitionList"
_MAPPING = ("SourceKey", "TargetKey")
_ENCRYPTION = ("AssertionEncryptionMode", "PrivateKeyList")
"""What an answer of AWS may have, and a copy cannot: the keys are secret."""


def read_oidc_provider(value: object, place: Place) -> Iterator[WantedOidcProvider | str]:
    """An OpenID Connect provider; AWS answers its URL without the scheme. Raises Misread."""
    given = Members.of(value, place.path, known=(*_OIDC, *_ASSOCIATION) if place.copied else _OIDC)
    name = given.text("Url").removeprefix(SCHEME)
    if "://" in name:
        raise Misread.at(given.at("Url"), f"must begin with {SCHEME}, or be without a scheme")
    check_arn(given, place, "oidc-provider", None, name)
    if given.get(_ASSOCIATION[0]):
        yield f"OpenID Connect provider {name} of account {place.account}: its instance of IAM Identity Center"
    yield WantedOidcProvider(
        place=place.path,
        account=place.account,
        name=name,
        client_ids=_texts(given, "ClientIDList"),
        thumbprints=_texts(given, "ThumbprintList"),
        context_provider=_context_provider(given),
        tags=tags(given),
    )


def read_saml_provider(value: object, place: Place) -> Iterator[WantedSamlProvider | str]:
    """A SAML provider; that of IAM Identity Center is made by that service."""
    given = Members.of(value, place.path, known=(*_SAML, *_ENCRYPTION, *_ASSOCIATION) if place.copied else _SAML)
    name = given.text("Name")
    if RESERVED_PROVIDER.fullmatch(name):
        yield f"SAML provider {name} of account {place.account}: AWS's services make their providers themselves"
        return
    check_arn(given, place, "saml-provider", None, name)
    if given.get("PrivateKeyList"):
        yield f"SAML provider {name} of account {place.account}: its private keys, which no answer of AWS holds"
    if given.get(_ASSOCIATION[0]):
        yield f"SAML provider {name} of account {place.account}: its instance of IAM Identity Center"
    yield WantedSamlProvider(
        place=place.path,
        account=place.account,
        name=name,
        document=given.text("SAMLMetadataDocument"),
        context_provider=_context_provider(given),
        tags=tags(given),
    )


def _context_provider(given: Members) -> ContextProvider | None:
    """None if nothing is said of it, empty if there shall be none."""
    if "ContextProvider" not in given.values:
        return None
    if given.get("ContextProvider") is None:
        return {}
    settings = Members.of(given.get("ContextProvider"), given.at("ContextProvider"), known=(*_CONTEXT, _DEFINITIONS))
    found: dict[str, object] = {name: settings.text(name) for name in _CONTEXT if name in settings.values}
    settings.required(_CONTEXT[0])
    if _DEFINITIONS in settings.values:
        definitions = (Members.of(each, path, known=_MAPPING) for each, path in items(settings, _DEFINITIONS))
        found[_DEFINITIONS] = [
            {name: one.text(name) for name in _MAPPING if name in one.values or name == _MAPPING[0]}
            for one in definitions
        ]
    return found


def _texts(given: Members, name: str) -> tuple[str, ...] | None:
    value = given.get(name)
    if value is None:
        return None
    listed = as_list(value, given.at(name))
    return tuple(dict.fromkeys(as_text(one, f"{given.at(name)}[{at}]") for at, one in enumerate(listed)))
