"""`carnet org`: organizations as files and as trees, and what another policy would do."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from carnet.assembly.settings import Settings
from carnet.cli.groups import CommandGroup
from carnet.cli.options import installation_options, told_plainly

if TYPE_CHECKING:
    from carnet.directory.organization_view import OrganizationView
    from carnet.directory.snapshot import Snapshot


_TYPES = ("SERVICE_CONTROL_POLICY", "RESOURCE_CONTROL_POLICY")


@click.group(cls=CommandGroup)
def org() -> None:
    """Show, copy and question organizations, also beside a running server."""


_organization_option = click.option(
    "--organization", help="Id of the organization.  [default: the only one]", metavar="o-..."
)


@org.command()
@_organization_option
@installation_options
@told_plainly
def tree(organization: str | None, **settings: Any) -> None:
    """Print the tree of an organization, with its accounts and the policies attached at each level."""
    from carnet.assembly.installation import open_installation
    from carnet.provisioning.estates.tree import drawn

    with open_installation(Settings(**settings)) as installation:
        snapshot = installation.directory.snapshot
        for line in drawn(snapshot, the_organization(snapshot, organization)):
            click.echo(line)


@org.command()
@click.argument("name", metavar="FILE", type=click.Path(dir_okay=False, allow_dash=True))
@_organization_option
@installation_options
@told_plainly
def export(name: str, organization: str | None, **settings: Any) -> None:
    """Write an organization as JSON to FILE, for `carnet org import`; - is standard output.

    FILE is readable by its owner only, and what it held before stays if it cannot be written as a whole.
    """
    import json
    from pathlib import Path

    from carnet.assembly.installation import open_installation
    from carnet.cli.private_file import replace_file
    from carnet.provisioning.estates.export import exported_organization

    with open_installation(Settings(**settings)) as installation:
        snapshot = installation.directory.snapshot
        told = exported_organization(snapshot, the_organization(snapshot, organization))
    text = json.dumps(told, indent=2, ensure_ascii=False)
    if name == "-":
        click.echo(text)
        return
    try:
        replace_file(Path(name), f"{text}\n")
    except OSError as problem:
        raise click.ClickException(f"{name}: {problem.strerror}") from problem


@org.command("import")
@click.argument("name", metavar="FILE", type=click.Path(allow_dash=True))
@click.option("--root-keys", is_flag=True, help="Make a root access key for each new account, and print it once.")
@click.option("--dry-run", is_flag=True, help="Say what would be made, and change nothing.")
@installation_options
@told_plainly
def import_organization(name: str, root_keys: bool, dry_run: bool, **settings: Any) -> None:
    """Make an organization as FILE says: its tree, accounts, policies and attachments.

    FILE is what `carnet org export` writes, or a folder of answers of `aws organizations`; - is standard input. Ids are
    kept if nothing else has them. A file can be imported again, also beside a running server.

    Exit code 1 if something in the file could not be taken, 2 if the file cannot be read.
    """
    from carnet.assembly.installation import open_installation
    from carnet.cli.collector import collector_paused
    from carnet.cli.estate_plan import EstatePlan

    with collector_paused(), open_installation(Settings(**settings)) as installation:
        plan = EstatePlan.of(installation, name)
        click.echo(plan.render())
        if not dry_run:
            for key in plan.carry_out(root_keys=root_keys):
                click.echo(f"root key of {key.account}: {key.access_key_id} {key.secret_access_key}")
            click.echo(f"Done: {plan.summary(done=True)}.")
        if not_taken := plan.not_taken():
            raise click.ClickException(not_taken)


@org.command("what-if")
@click.option("--target", required=True, metavar="ID", help="Root, organizational unit or account.")
@click.option("--policy", "file", type=click.Path(dir_okay=False, allow_dash=True), help="File of a policy to attach.")
@click.option("--detach", metavar="p-...", help="Id of a policy to detach.")
@click.option("--type", "type_", type=click.Choice(_TYPES), default=_TYPES[0], show_default=True, help="Of the policy.")
@click.option("--since", default="24h", show_default=True, help="How far back: 90m, 24h, 7d.")
@click.option("--output", type=click.Choice(("text", "json")), default="text", show_default=True)
@_organization_option
@installation_options
@told_plainly
def what_if(
    target: str,
    file: str | None,
    detach: str | None,
    type_: str,
    since: str,
    output: str,
    organization: str | None,
    **settings: Any,
) -> None:
    """Say which of the calls since then would newly be denied or allowed, and change nothing.

    Each call in the log of decisions is decided under the SCPs and RCPs as they are, and as they would be. Calls of
    which the log or the installation has lost something are counted.
    """
    if file is None and detach is None:
        raise click.UsageError("Give --policy, --detach or both.")
    from carnet.assembly.installation import open_installation
    from carnet.cli.shown import show_json
    from carnet.cli.what_if import asked, rendered

    with open_installation(Settings(**settings)) as installation:
        view = the_organization(installation.directory.snapshot, organization)
        told = asked(installation, view, target=target, file=file, type_=type_, detach=detach, since=since)
    if output == "json":
        show_json(told.as_dict())
    else:
        click.echo(rendered(told))


def the_organization(snapshot: Snapshot, organization: str | None) -> OrganizationView:
    """The organization of that id, or the only one; raises ClickException."""
    found = snapshot.organizations
    if organization is not None:
        view = found.get(organization)
        if view is None:
            raise click.ClickException(f"There is no organization {organization}.")
        return view
    if not found:
        raise click.ClickException("There is no organization: aws organizations create-organization makes one.")
    if len(found) != 1:
        known = ", ".join(sorted(found))
        raise click.ClickException(f"Name one with --organization: there are {len(found)} organizations ({known}).")
    return next(iter(found.values()))
