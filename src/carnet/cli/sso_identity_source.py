"""`carnet sso identity-source`: whether people sign in by passwords, or with an external identity provider."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

import click

from carnet.assembly.settings import Settings
from carnet.cli.endpoint import endpoint_option, server_to_ask
from carnet.cli.groups import CommandGroup
from carnet.cli.options import installation_options, instance_owner_option, told_plainly
from carnet.cli.shown import show_json, text_or_json_option

if TYPE_CHECKING:
    from carnet.cli.own_api import OwnApi
    from carnet.store.store import Store


@click.group("identity-source", cls=CommandGroup)
def identity_source() -> None:
    """Choose who vouches for people: their passwords here, or an external identity provider (SAML 2.0)."""


@identity_source.command()
@instance_owner_option
@text_or_json_option
@endpoint_option
@installation_options
@told_plainly
def show(account_id: str | None, output: str, endpoint_url: str | None, **settings: Any) -> None:
    """Show the identity source, and the addresses that an identity provider has to be told."""
    _change_and_show(endpoint_url, account_id, output, settings)


@identity_source.command()
@click.argument("metadata", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@instance_owner_option
@text_or_json_option
@endpoint_option
@installation_options
@told_plainly
def external(metadata: Path, account_id: str | None, output: str, endpoint_url: str | None, **settings: Any) -> None:
    """Let the identity provider that the file METADATA describes vouch for people.

    Passwords of people count no longer from then on, and who is signed in by one is signed out. The provider makes no
    people: its NameID must be the user name of somebody in the identity store.
    """
    text = _text(metadata)
    _change_and_show(
        endpoint_url,
        account_id,
        output,
        settings,
        here=lambda configured: _use_here(account_id, text, configured),
        there=lambda api: api.put(_path(account_id), {"metadata": text}, account=str),
    )


@identity_source.command()
@instance_owner_option
@text_or_json_option
@endpoint_option
@installation_options
@told_plainly
def directory(account_id: str | None, output: str, endpoint_url: str | None, **settings: Any) -> None:
    """Let people sign in by passwords again. Whoever the identity provider has signed in is signed out."""
    _change_and_show(
        endpoint_url,
        account_id,
        output,
        settings,
        here=lambda configured: _use_here(account_id, None, configured),
        there=lambda api: api.delete(_path(account_id), account=str),
    )


@identity_source.group(cls=CommandGroup)
def key() -> None:
    """Keys that sign the requests to the identity provider: its administrator reads the metadata of the instance anew.

    All requests are signed as soon as there is a key. One key signs, and another one may follow it.
    """


@key.command()
@instance_owner_option
@text_or_json_option
@endpoint_option
@installation_options
@told_plainly
def add(account_id: str | None, output: str, endpoint_url: str | None, **settings: Any) -> None:
    """Add a key. The first one signs at once, another one from `use` on."""
    _change_keys(endpoint_url, account_id, output, settings, action="add")


@key.command()
@click.argument("key_id")
@instance_owner_option
@text_or_json_option
@endpoint_option
@installation_options
@told_plainly
def use(key_id: str, account_id: str | None, output: str, endpoint_url: str | None, **settings: Any) -> None:
    """Let the key KEY_ID sign from now on."""
    _change_keys(endpoint_url, account_id, output, settings, action="use", key_id=key_id)


@key.command()
@click.argument("key_id")
@instance_owner_option
@text_or_json_option
@endpoint_option
@installation_options
@told_plainly
def delete(key_id: str, account_id: str | None, output: str, endpoint_url: str | None, **settings: Any) -> None:
    """Remove the key KEY_ID: one that does not sign, or the only one. Without a key, nothing is signed."""
    _change_keys(endpoint_url, account_id, output, settings, action="delete", key_id=key_id)


def _change_keys(
    endpoint_url: str | None,
    account_id: str | None,
    output: str,
    settings: Mapping[str, Any],
    *,
    action: str,
    key_id: str = "",
) -> None:
    _change_and_show(
        endpoint_url,
        account_id,
        output,
        settings,
        here=lambda configured: _change_keys_here(account_id, action, key_id, configured),
        there=lambda api: api.post(f"{_path(account_id)}/keys", {"action": action, "keyId": key_id}, keys=list),
    )


def _change_and_show(
    endpoint_url: str | None,
    account_id: str | None,
    output: str,
    settings: Mapping[str, Any],
    *,
    here: Callable[[Settings], object] = lambda configured: None,
    there: Callable[[OwnApi], object] = lambda api: None,
) -> None:
    """Change the identity source in a data directory (`here`) or at a server (`there`), and show what it is then."""
    api = server_to_ask(endpoint_url, at_hand=True)
    if api is None:
        configured = Settings(**settings)
        here(configured)
        _show(_shown_here(account_id, configured), output)
        return
    there(api)
    _show(_shown_there(api, account_id), output)


def _text(metadata: Path) -> str:
    try:
        return metadata.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as problem:
        raise click.ClickException(f"{metadata} cannot be read: {problem}") from problem


def _path(account_id: str | None) -> str:
    if account_id is None:
        raise click.UsageError("Give --account: a server is asked about one account.")
    return f"accounts/{quote(account_id, safe='')}/identity-center/identity-source"


def _show(told: Mapping[str, Any], output: str) -> None:
    if output == "json":
        show_json(dict(told))
        return
    for name, value in told.items():
        if name == "signingKeys":
            for key in value:
                click.echo(f"signingKey: {key['keyId']}, until {key['expires']}{', signs' * key['signs']}")
        else:
            click.echo(f"{name}: {'-' if value is None else value}")


def _shown_there(api: OwnApi, account_id: str | None) -> dict[str, Any]:
    told = api.get(_path(account_id), {}, identitySource=str, issuerUrl=str, acsUrl=str)
    url = _browsers_url(api.url)
    return told | {name: f"{url}{told[name]}" for name in ("issuerUrl", "acsUrl")}


def _shown_here(account_id: str | None, settings: Settings) -> Mapping[str, Any]:
    from carnet.assembly.state import open_state
    from carnet.directory.directory import Directory
    from carnet.services.identity_source import identity_source

    with open_state(settings) as state:
        account = owner_of(state.store, account_id)
        return identity_source(Directory(state.store).snapshot, account, browsers_url_of(settings))


def _use_here(account_id: str | None, metadata: str | None, settings: Settings) -> None:
    """Change the identity source: to the provider of that metadata, or to the directory if there is none."""
    from carnet.assembly.state import open_state
    from carnet.services.identity_source import read_provider, use_directory_here, use_external_provider_here

    read = read_provider(metadata) if metadata is not None else None
    with open_state(settings) as state:
        account, call = owner_of(state.store, account_id), state.operator_call()
        if read is None:
            use_directory_here(call, account=account)
        else:
            use_external_provider_here(call, account=account, read=read)


def _change_keys_here(account_id: str | None, action: str, key_id: str, settings: Settings) -> None:
    from carnet.assembly.state import open_state
    from carnet.identity.saml_signing_keys import new_key_pair
    from carnet.services.request_signing import KeyAction, change_here

    with open_state(settings) as state:
        call = state.operator_call()
        pair = new_key_pair("Carnet", call.now) if action == "add" else None
        wanted = KeyAction(account=owner_of(state.store, account_id), action=action, key=key_id)
        change_here(call, wanted, pair)


def owner_of(store: Store, account_id: str | None) -> str:
    """The account that owns the instance which is meant.

    Raises ClickException if there is none, UsageError if no account is named, and there are several.
    """
    from carnet.entities.identity_center_instance import Instance

    owners = [instance.account for instance in store.all_of(Instance)]
    if account_id is None and not owners:
        raise click.ClickException("There is no instance of IAM Identity Center: carnet sso enable makes one.")
    if account_id is None and len(owners) != 1:
        raise click.UsageError(f"Give --account: there are {len(owners)} instances of IAM Identity Center.")
    return account_id or owners[0]


def browsers_url_of(settings: Settings) -> str:
    """Where browsers find the server of a data directory, as far as that is known."""
    from carnet.assembly.public_url import public_url
    from carnet.assembly.running import last_endpoint

    return _browsers_url(settings.public_url or last_endpoint(settings.data_dir) or public_url(settings))


def _browsers_url(url: str) -> str:
    """Where browsers find a server: what the addresses of SAML begin with."""
    from carnet.console.origin import console_origin

    origin = console_origin(url)
    return url if origin is None else origin.url
