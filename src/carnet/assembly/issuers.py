"""Where the keys of OpenID Connect issuers come from, as the settings say."""

from __future__ import annotations

from carnet.assembly.settings import Settings
from carnet.oidc.addresses import read_networks
from carnet.oidc.https import Fetcher
from carnet.oidc.issuers import GivenKeys, IssuerKeys, read_given


def issuer_keys(settings: Settings) -> IssuerKeys:
    """The keys of the issuers of a file, and of those that are asked. Raises ValueError for networks that are none."""
    fetcher = Fetcher(networks=read_networks(settings.oidc_networks), ca_file=settings.oidc_ca_file)
    given = GivenKeys(settings.oidc_keys_file) if settings.oidc_keys_file is not None else None
    return IssuerKeys(fetcher, given=given)


def check_issuers(settings: Settings) -> None:
    """Raise OSError or ValueError for settings that no keys can be found with."""
    issuer_keys(settings)
    if settings.oidc_ca_file is not None:
        settings.oidc_ca_file.read_bytes()
    if settings.oidc_keys_file is not None:
        read_given(settings.oidc_keys_file)
