"""The identity source of an instance: which metadata is taken, and what is said of the rest."""

from __future__ import annotations

import pytest

from carnet.base.faults import Invalid, Missing
from carnet.directory.identity_center import external_provider
from carnet.services.identity_source import (
    LONGEST_METADATA,
    identity_source,
    read_provider,
    service_provider,
    use_directory,
    use_external_provider,
)
from tests.saml import idp
from tests.services.sso_admin.center import a_center
from tests.services.world import World

GOOD = "https://idp.example.com/sso"


@pytest.mark.parametrize(
    "url",
    [GOOD, "http://localhost:8080/realms/x", "http://127.0.0.1/", f"https://a.example/{'x' * (1024 - 18)}"],
)
def test_addresses_that_browsers_are_sent_to(url: str) -> None:
    for document in (idp.metadata(redirect=url, post=None), idp.metadata(post=url)):
        assert read_provider(document).sign_in_url == url


@pytest.mark.parametrize(
    ("url", "sentence"),
    [
        (None, "no SingleSignOnService with the binding HTTP-Redirect or HTTP-POST"),
        ("https://idp.example.com;sandbox/sso", "strange ones"),
        ("https://idp.example.com,x/sso", "strange ones"),
        ("http://idp.example.com/sso", "must have an https address"),
        ("javascript:alert(1)", "must have an https address"),
        ("https://", "must have an https address"),
        ("https://mary@idp.example.com/", "must have an https address"),
        ("https://idp.example.com/#x", "must have an https address"),
        ("https://[idp.example.com/", "cannot be read"),
        ("https://idp.example.com/\u00e9", "strange ones"),
        (f"https://a.example/{'x' * (1024 - 17)}", "more than 1024"),
    ],
)
def test_addresses_that_they_are_not_sent_to(url: str | None, sentence: str) -> None:
    for document in (idp.metadata(redirect=url, post=None), idp.metadata(post=url)):
        with pytest.raises(Invalid, match=sentence):
            read_provider(document)


def test_metadata_that_is_not_taken() -> None:
    good = idp.metadata(redirect=GOOD)
    with pytest.raises(Invalid, match="not valid"):
        read_provider(good.replace("IDPSSODescriptor", "Other"))
    one = good.partition("?>")[2].partition("<!--")[0]
    two = one.replace(idp.ISSUER, "https://two.example") + one
    with pytest.raises(Invalid, match="describes 2"):
        read_provider(
            f'<md:EntitiesDescriptor xmlns:md="urn:oasis:names:tc:SAML:2.0:metadata">{two}</md:EntitiesDescriptor>'
        )
    padded = good + " " * (LONGEST_METADATA - len(good))
    assert read_provider(padded).issuer == idp.ISSUER
    with pytest.raises(Invalid, match="more than"):
        read_provider(f"{padded} ")


def test_it_is_told_and_changed(world: World) -> None:
    account, store, directory = world.account_id, world.installation.store, world.installation.directory
    with pytest.raises(Missing, match="carnet sso enable"):
        identity_source(world.snapshot, account, "")
    instance = a_center(world).instance
    own = service_provider("https://carnet.example", instance.identity_store)
    assert identity_source(world.snapshot, account, "https://carnet.example") == {
        "account": account,
        "identityStoreId": instance.identity_store,
        "identitySource": "IDENTITY_CENTER_DIRECTORY",
        "issuerUrl": own.entity_id,
        "acsUrl": own.acs_url,
        "signingKeys": [],
    }
    now = world.clock()
    over = read_provider(idp.metadata(redirect=GOOD, valid_until=now.isoformat()))
    with store.write() as unit, pytest.raises(Invalid, match="was good until"):
        use_external_provider(unit, directory.catch_up(unit.base), account=account, read=over, now=now)
    read = read_provider(idp.metadata(redirect=GOOD))
    for _ in range(2):
        with store.write() as unit:
            use_external_provider(unit, directory.catch_up(unit.base), account=account, read=read, now=now)
    directory.catch_up()
    assert external_provider(world.snapshot.accounts[account]) is not None
    assert identity_source(world.snapshot, account, "")["providerIssuer"] == idp.ISSUER
    for _ in range(2):
        with store.write() as unit:
            use_directory(unit, directory.catch_up(unit.base), account=account)
    directory.catch_up()
    assert external_provider(world.snapshot.accounts[account]) is None
