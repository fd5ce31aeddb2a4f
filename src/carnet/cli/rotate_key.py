"""`carnet rotate-key`: another access key for a profile, in steps of which each leaves a profile that works.

https://docs.aws.amazon.com/IAM/latest/UserGuide/id-credentials-access-keys-update.html
"""

from __future__ import annotations

import time
from dataclasses import replace
from typing import Any

import click

from carnet.cli.aws_api import client, refusals_told
from carnet.cli.aws_files import LongTermKey, read_profile, write_values
from carnet.cli.options import told_plainly

_VERIFY_SECONDS = 60
"""How long a new key may take until it works everywhere. AWS says seconds."""
_PAUSE_SECONDS = 2


@click.command("rotate-key")
@click.option("--profile", envvar="AWS_PROFILE", show_envvar=True, default="default", show_default=True)
@click.option("--delete-inactive", is_flag=True, help="Delete the user's other access key first, if it is inactive.")
@click.option("--keep-old", is_flag=True, help="Leave the old key inactive, and do not delete it.")
@told_plainly
def rotate_key(profile: str, delete_inactive: bool, keep_old: bool) -> None:
    """Replace a profile's access key: make a second, try it, write it, deactivate the first, delete it.

    Whatever step fails, the profile has a key that works, and what is left to do is said.
    """
    old = read_profile(profile).key
    if old is None:
        raise click.ClickException(f"The profile {profile} has no access key of its own.")
    with refusals_told():
        iam = client("iam", profile, old)
        _make_room(iam, old, delete_inactive=delete_inactive)
        made = iam.create_access_key()["AccessKey"]
    new = replace(old, access_key_id=made["AccessKeyId"], secret_access_key=made["SecretAccessKey"])
    try:
        _verify(profile, new)
        write_values(
            new.file,
            new.section,
            {"aws_access_key_id": new.access_key_id, "aws_secret_access_key": new.secret_access_key},
        )
    except BaseException:
        _take_back(iam, new)
        raise
    click.echo(f"{new.file}: profile {profile} has {new.access_key_id} now.")
    _retire(profile, old, new, keep=keep_old)


def _make_room(iam: Any, old: LongTermKey, *, delete_inactive: bool) -> None:
    """A user has two keys at most. Raises ClickException if another one is in the way."""
    for other in iam.list_access_keys()["AccessKeyMetadata"]:
        if other["AccessKeyId"] == old.access_key_id:
            continue
        if other["Status"] == "Inactive" and delete_inactive:
            iam.delete_access_key(AccessKeyId=other["AccessKeyId"])
            click.echo(f"{other['AccessKeyId']}, which was inactive, is deleted.")
            continue
        way_out = (
            "--delete-inactive deletes it" if other["Status"] == "Inactive" else "aws iam delete-access-key deletes it"
        )
        raise click.ClickException(
            f"The user has a second access key, {other['AccessKeyId']} ({other['Status'].lower()}), and may have two. "
            f"If nobody uses it, {way_out}. Nothing was changed."
        )


def _verify(profile: str, new: LongTermKey) -> None:
    """Use the key until it works. Raises ClickException if it does not within a minute."""
    from botocore.exceptions import ClientError

    deadline = time.monotonic() + _VERIFY_SECONDS
    with refusals_told():
        sts = client("sts", profile, new)
        while True:
            try:
                sts.get_caller_identity()
                return
            except ClientError:
                if time.monotonic() > deadline:
                    raise
                time.sleep(_PAUSE_SECONDS)


def _take_back(iam: Any, new: LongTermKey) -> None:
    """Delete the new key, which the profile does not have; say so if that fails too."""
    try:
        with refusals_told():
            iam.delete_access_key(AccessKeyId=new.access_key_id)
    except click.ClickException as problem:
        click.echo(
            f"The new key {new.access_key_id} is not used, and could not be deleted: {problem.message}", err=True
        )
    else:
        click.echo(f"The new key {new.access_key_id} is deleted again; the profile has the key that it had.", err=True)


def _retire(profile: str, old: LongTermKey, new: LongTermKey, *, keep: bool) -> None:
    """Deactivate the old key and delete it, signed with the new one. Raises ClickException that says what is left."""
    left = f"aws iam update-access-key --status Inactive and aws iam delete-access-key retire {old.access_key_id}"
    try:
        with refusals_told():
            iam = client("iam", profile, new)
            iam.update_access_key(AccessKeyId=old.access_key_id, Status="Inactive")
            left = f"it is inactive; aws iam delete-access-key deletes {old.access_key_id}"
            if not keep:
                iam.delete_access_key(AccessKeyId=old.access_key_id)
    except click.ClickException as problem:
        raise click.ClickException(
            f"The profile works with its new key, but the old one, {old.access_key_id}, is still there: "
            f"{problem.message} ({left})."
        ) from problem
    click.echo(f"{old.access_key_id} is {'inactive' if keep else 'deleted'}.")
