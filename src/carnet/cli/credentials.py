"""`carnet credentials`: temporary credentials, as the AWS CLI and SDKs ask a `credential_process` for them.

https://docs.aws.amazon.com/sdkref/latest/guide/feature-process-credentials.html
"""

from __future__ import annotations

import json
import os
import re
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
from click.core import ParameterSource

from carnet.cli.aws_api import client, refusals_told
from carnet.cli.aws_files import LongTermKey, Profile, read_profile
from carnet.cli.exports import REGION
from carnet.cli.groups import CommandGroup
from carnet.cli.options import told_plainly
from carnet.cli.session_cache import SessionCache

if TYPE_CHECKING:
    from carnet.cli.own_api import OwnApi

_CODE = re.compile(r"[0-9]{6}")
_ENVIRONMENT = ("AWS_ENDPOINT_URL", "AWS_ENDPOINT_URL_STS", "AWS_REGION", "AWS_DEFAULT_REGION")
"""Variables that say which server botocore asks, beside the profile."""
_OF_ROLE = {"role_arn": "RoleArn", "external_id": "ExternalId"}


@click.group(cls=CommandGroup, invoke_without_command=True)
@click.option("--profile", envvar="AWS_PROFILE", show_envvar=True, default="default", show_default=True)
@click.option("--mfa-serial", help="The MFA device, by its ARN.  [default: mfa_serial of the profile]")
@click.option("--mfa-code", help="Its code of this moment.  [default: asked for on the terminal]")
@click.option("--role-arn", help="Assume this role.  [default: role_arn of the profile, if it has one]")
@click.option(
    "--duration-seconds",
    type=click.IntRange(900, 129_600),
    help="[default: duration_seconds of the profile, or the service's own]",
)
@click.option("--cache/--no-cache", default=True, help="Keep the credentials until they end.  [default: cache]")
@click.pass_context
@told_plainly
def credentials(ctx: click.Context, profile: str, cache: bool, **options: Any) -> None:
    """Print temporary credentials for a profile, as a credential_process of the AWS CLI and SDKs.

    In ~/.aws/config: credential_process = carnet credentials --profile PROFILE. The profile that has the access key may
    also have mfa_serial, role_arn, source_profile, external_id, role_session_name and duration_seconds. They come from
    AssumeRole, if there is a role, or else from GetSessionToken. The credentials are kept in ~/.aws/carnet/cache, where
    only their owner can read them.
    """
    if ctx.invoked_subcommand is not None:
        return
    wanted = _Wanted(read_profile(profile), options)
    now = datetime.now(UTC)
    if not cache:
        _print(wanted.get(options["mfa_code"]))
        return
    kept = SessionCache(_cache_directory(), wanted.parts)
    found = kept.read(now)
    if found is None:
        with kept.alone():
            found = kept.read(now)  # what another process has got while this one waited
            if found is None:
                found = wanted.get(options["mfa_code"])
                kept.write(found, now)
    _print(found)


def _print(found: Mapping[str, str]) -> None:
    click.echo(json.dumps({"Version": 1, **found}, indent=2))


def _cache_directory() -> Path:
    return Path.home() / ".aws" / "carnet" / "cache"


class _Wanted:
    """Which credentials are wanted: those of a role or of a session of the user, with a code or without.

    Raises ClickException if the profile has no access key.
    """

    def __init__(self, profile: Profile, options: Mapping[str, Any]) -> None:
        self._profile = profile
        self._key = _key_of(profile)
        values = {**profile.values, **{name: value for name, value in options.items() if value is not None}}
        self._serial = values.get("mfa_serial")
        self._role = {theirs: values[ours] for ours, theirs in _OF_ROLE.items() if ours in values}
        if self._role:
            self._role["RoleSessionName"] = values.get("role_session_name") or "carnet-credentials"
        self._seconds = _seconds(values.get("duration_seconds"))

    @property
    def parts(self) -> dict[str, Any]:
        """All that decides which credentials these are."""
        return {
            "key": self._key.access_key_id,
            "serial": self._serial,
            "role": self._role,
            "seconds": self._seconds,
            "region": self._profile.values.get("region"),
            "endpoint": self._profile.values.get("endpoint_url"),
            "environment": {name: os.environ.get(name) for name in _ENVIRONMENT},
        }

    def get(self, code: str | None) -> dict[str, str]:
        """Ask for the code, if one is needed and not given, and then AWS. Raises ClickException."""
        given: dict[str, Any] = dict(self._role)
        if self._seconds is not None:
            given["DurationSeconds"] = self._seconds
        if self._serial is not None:
            given |= {"SerialNumber": self._serial, "TokenCode": _check_code(code or _prompt_for_code(self._serial))}
        with refusals_told():
            sts = client("sts", self._profile.name, self._key)
            answer = sts.assume_role(**given) if "RoleArn" in given else sts.get_session_token(**given)
        made = answer["Credentials"]
        return {
            "AccessKeyId": made["AccessKeyId"],
            "SecretAccessKey": made["SecretAccessKey"],
            "SessionToken": made["SessionToken"],
            "Expiration": made["Expiration"].astimezone(UTC).isoformat(timespec="seconds"),
        }


def _key_of(profile: Profile) -> LongTermKey:
    source = profile.values.get("source_profile")
    holder = profile if source in (None, profile.name) else read_profile(str(source))
    if holder.key is None:
        raise click.ClickException(
            f"The profile {holder.name} has no access key of its own to ask with (aws_access_key_id and "
            "aws_secret_access_key, without aws_session_token)."
        )
    return holder.key


def _seconds(value: int | str | None) -> int | None:
    if value is None or isinstance(value, int):
        return value
    if not value.isdecimal():
        raise click.ClickException(f"duration_seconds of the profile is {value!r}, which is no number of seconds.")
    return int(value)


def _check_code(code: str) -> str:
    if not _CODE.fullmatch(code):
        raise click.ClickException("An MFA code has six digits.")
    return code


def _prompt_for_code(serial: str) -> str:
    """The code, read from the terminal: the SDKs keep the output of a credential_process, errors too."""
    from getpass import getpass

    try:
        os.close(os.open("/dev/tty", os.O_RDWR))
    except OSError:
        raise click.ClickException(
            f"There is no terminal to ask for the code of {serial}. Run this command in one first, as what it gets is "
            "kept, or give --mfa-code."
        ) from None
    return getpass(f"MFA code for {serial}: ").strip()


@credentials.command()
@click.option("--profile", help="Ask with this profile's access key.  [default: that of `carnet credentials`]")
@click.option("--role", help="Give out sessions of this role, at an endpoint for containers.")
@click.option("--instance-profile", help="Give out sessions of this profile's role, at an instance metadata service.")
@click.option(
    "--service",
    help="Which service assumes the role.  [default: ec2.amazonaws.com with a profile, or ecs-tasks.amazonaws.com]",
)
@click.option("--source-arn", help="What the workload is, for aws:SourceArn.  [default: an instance, with a profile]")
@click.option("--session-name", help="[default: the id of the instance, or of the task]")
@click.option("--duration-seconds", type=click.IntRange(900, 43_200), default=3600, show_default=True)
@click.option("--host", default="127.0.0.1", show_default=True, help="A loopback address to listen on.")
@click.option("--port", type=click.IntRange(0, 65535), default=0, help="[default: a free one]")
@click.option("--region", envvar="AWS_REGION", default=REGION, show_default=True, show_envvar=True)
@click.option("--endpoint-url", help="The Carnet server.  [default: that of the profile, or AWS_ENDPOINT_URL]")
@click.pass_context
@told_plainly
def serve(
    ctx: click.Context, profile: str | None, role: str | None, instance_profile: str | None, **options: Any
) -> None:
    """Give workloads the credentials of a role, as EC2 and ECS do: the AWS CLI and SDKs find them by themselves.

    The server asks whether the caller (the profile of --profile, or the credentials of the environment) may pass the
    role to the service (iam:PassRole), and whether the role's trust policy lets the service assume it. It prints the
    variables that a workload needs, and runs until Ctrl-C.
    """
    from carnet.cli.workload_serving import Workload, serve_workload  # which the credential_process does not need

    if (role is None) == (instance_profile is None):
        raise click.UsageError("Give --role or --instance-profile, one of them.")
    api = _own_api(profile or _given_profile(ctx), options.pop("endpoint_url"))
    serve_workload(api, Workload(role=role, instance_profile=instance_profile, **options))


def _given_profile(ctx: click.Context) -> str | None:
    """The --profile of `carnet credentials`, or its default; None if the environment has an access key instead."""
    parent = ctx.parent
    assert parent is not None, "it is a command of a group"
    is_asked_for = parent.get_parameter_source("profile") is ParameterSource.COMMANDLINE
    name: str = parent.params["profile"]
    return name if is_asked_for or not os.environ.get("AWS_ACCESS_KEY_ID") else None


def _own_api(profile_name: str | None, endpoint_url: str | None) -> OwnApi:
    """The server that gives out sessions, asked with the credentials of the profile, or of the environment."""
    from carnet.cli.own_api import OwnApi
    from carnet.sigv4.signing import SigningCredentials

    url = endpoint_url or os.environ.get("AWS_ENDPOINT_URL")
    if profile_name is None:
        return OwnApi.at(url or "", named_by="--endpoint-url")
    profile = read_profile(profile_name)
    values = profile.values
    if not {"aws_access_key_id", "aws_secret_access_key"} <= values.keys():
        raise click.ClickException(f"The profile {profile.name} has no access key to ask with.")
    signs = SigningCredentials(
        access_key_id=values["aws_access_key_id"],
        secret_access_key=values["aws_secret_access_key"],
        session_token=values.get("aws_session_token"),
    )
    return OwnApi.at(endpoint_url or values.get("endpoint_url") or url or "", named_by="--endpoint-url", signs=signs)
