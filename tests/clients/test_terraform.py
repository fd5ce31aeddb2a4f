"""The stock hashicorp/aws provider: apply, a plan without changes, an update, destroy."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
from pathlib import Path
from typing import Any, Literal

import boto3
import pytest
from botocore.exceptions import ClientError

from tests.clients.keys_and_certificates import write_keys_and_certificates
from tests.clients.running import RunningServer

_PLUGIN_ROOTS = (
    "/usr/share/terraform/plugins",
    "/usr/local/share/terraform/plugins",
    "/opt/*",
    "~/.terraform.d/plugins",
)
"""Where a filesystem mirror of providers is looked for."""


def mirror() -> Path | None:
    for root in _PLUGIN_ROOTS:
        expanded = Path(root).expanduser()
        for found in Path("/").glob(str(expanded.relative_to("/")) + "/*/hashicorp/aws"):
            return found.parent.parent.parent
    return None


class Terraform:
    """Terraform in a directory, with variables."""

    def __init__(self, directory: Path, environment: dict[str, str]) -> None:
        self._directory = directory
        # Each command starts the provider anew, which spends a quarter of its start on looking for garbage.
        quick = {"TF_IN_AUTOMATION": "1", "CHECKPOINT_DISABLE": "1", "GOGC": "400"}
        self._environment = environment | quick

    def __call__(self, *arguments: str, codes: tuple[int, ...] = (0,)) -> subprocess.CompletedProcess[str]:
        done = subprocess.run(
            ["terraform", *arguments],
            cwd=self._directory,
            env=self._environment,
            capture_output=True,
            text=True,
            check=False,
            timeout=600,
        )
        assert done.returncode in codes, done.stdout + done.stderr
        return done

    def outputs(self) -> dict[str, Any]:
        return {name: each["value"] for name, each in json.loads(self("output", "-json").stdout).items()}


@pytest.fixture
def terraform(server: RunningServer, tmp_path: Path) -> Terraform:
    return initialized("terraform", server, tmp_path)


def initialized(configuration: str, server: RunningServer, tmp_path: Path, **more: str) -> Terraform:
    """Terraform in a copy of the configuration; skips the test if Terraform or the provider is not here.

    `more` is of its environment.
    """
    if shutil.which("terraform") is None:
        pytest.skip("terraform is not installed")
    found = mirror()
    if found is None:
        pytest.skip("the hashicorp/aws provider is not in a local mirror")
    directory = tmp_path / "configuration"
    shutil.copytree(Path(__file__).parent / configuration, directory)
    write_keys_and_certificates(directory)
    made = Terraform(directory, server.client_environment(**more) | {"TF_CLI_CONFIG_FILE": os.devnull})
    made("init", "-input=false", f"-plugin-dir={found}")
    return made


def _values(description: str, max_session: int) -> tuple[str, ...]:
    return ("-input=false", f"-var=description={description}", f"-var=max_session={max_session}")


def test_apply_plan_update_destroy(server: RunningServer, terraform: Terraform) -> None:
    terraform("apply", "-auto-approve", *_values("first", 3600))
    assert terraform.outputs()["account"] == server.account_id
    assert terraform.outputs()["user_id"].startswith("AIDA")
    assert terraform.outputs()["role_arn"] == f"arn:aws:iam::{server.account_id}:role/reader"
    assert terraform.outputs()["policy_name"] == "read"
    assert terraform.outputs()["simulated"] == {"iam:GetUser": "allowed", "s3:PutObject": "implicitDeny"}
    # -detailed-exitcode: 0 says that there is nothing to change, 2 that there is.
    terraform("plan", "-detailed-exitcode", *_values("first", 3600), codes=(0,))

    terraform("plan", "-detailed-exitcode", *_values("second", 7200), codes=(2,))
    terraform("apply", "-auto-approve", *_values("second", 7200))
    terraform("plan", "-detailed-exitcode", *_values("second", 7200), codes=(0,))
    role = _client(server, "iam").get_role(RoleName="reader")["Role"]
    assert (role["Description"], role["MaxSessionDuration"]) == ("second", 7200)

    iam = _client(server, "iam")
    # Not in the configuration: force_destroy looks for credentials of every kind and removes what it finds.
    iam.create_access_key(UserName="leaving")
    terraform("destroy", "-auto-approve", *_values("second", 7200))
    assert iam.list_users()["Users"] == []
    assert iam.list_roles()["Roles"] == []
    assert iam.list_groups()["Groups"] == []
    assert iam.list_policies(Scope="Local")["Policies"] == []
    assert iam.list_instance_profiles()["InstanceProfiles"] == []
    assert iam.list_account_aliases()["AccountAliases"] == []
    assert iam.list_open_id_connect_providers()["OpenIDConnectProviderList"] == []
    assert iam.list_saml_providers()["SAMLProviderList"] == []
    assert iam.list_server_certificates()["ServerCertificateMetadataList"] == []
    assert iam.list_virtual_mfa_devices()["VirtualMFADevices"] == []


def test_all_that_the_provider_has_of_iam_is_in_a_configuration(terraform: Terraform) -> None:
    (provider,) = json.loads(terraform("providers", "schema", "-json").stdout)["provider_schemas"].values()
    written = "\n".join(path.read_text() for path in Path(__file__).parent.glob("terraform*/*.tf"))
    for kind, block in (("resource_schemas", "resource"), ("data_source_schemas", "data")):
        offered = {name for name in provider[kind] if name.startswith("aws_iam_")}
        assert offered == set(re.findall(rf'^{block} "(aws_iam_\w+)"', written, re.MULTILINE))


def test_an_organization(server: RunningServer, tmp_path: Path) -> None:
    terraform = initialized("terraform-organization", server, tmp_path)
    first, second = (
        ("-input=false", f"-var=description={description}", f"-var=unit={unit}")
        for description, unit in (("first", "workloads"), ("second", "estate"))
    )
    terraform("apply", "-auto-approve", *first)
    outputs = terraform.outputs()
    assert outputs["management"] == server.account_id
    assert outputs["accounts"] == ["first account", "shop"]
    assert outputs["in_production"] == ["shop"]
    assert outputs["units"] == ["production", "workloads"]
    assert "p-FullAWSAccess" in outputs["scps"]
    assert (len(outputs["scps"]), outputs["of_unit"], outputs["full_access"]) == (2, 2, True)
    assert outputs["tags"] == {"team": "first"}
    assert outputs["delegated"] == ["config.amazonaws.com"]
    terraform("plan", "-detailed-exitcode", *first, codes=(0,))

    terraform("plan", "-detailed-exitcode", *second, codes=(2,))
    terraform("apply", "-auto-approve", *second)
    terraform("plan", "-detailed-exitcode", *second, codes=(0,))
    organizations = _client(server, "organizations")
    tags = organizations.list_tags_for_resource(ResourceId=outputs["shop"])["Tags"]
    assert tags == [{"Key": "team", "Value": "second"}]

    terraform("destroy", "-auto-approve", *second)
    with pytest.raises(ClientError, match="AWSOrganizationsNotInUseException"):
        organizations.describe_organization()


def test_an_identity_store(server: RunningServer, tmp_path: Path) -> None:
    enabled = server.carnet("sso", "enable", "--account", server.account_id, "--output", "json")
    store = json.loads(enabled)["identityStoreId"]
    terraform = initialized("terraform-identity-store", server, tmp_path)
    first, second = (("-input=false", f"-var=store={store}", *more) for more in ((), ("-var=title=Dr.",)))
    terraform("apply", "-auto-approve", *first)
    assert terraform.outputs() == {"found": [True, True], "counts": [2, 1, 1]}
    terraform("plan", "-detailed-exitcode", *first, codes=(0,))

    identitystore = _client(server, "identitystore")
    for values, title in ((second, "Dr."), (first, None)):
        terraform("plan", "-detailed-exitcode", *values, codes=(2,))
        terraform("apply", "-auto-approve", *values)
        terraform("plan", "-detailed-exitcode", *values, codes=(0,))
        (ann,) = (
            each for each in identitystore.list_users(IdentityStoreId=store)["Users"] if each["UserName"] == "ann"
        )
        assert (ann.get("Title"), ann["Name"].get("MiddleName")) == (title, title)

    terraform("destroy", "-auto-approve", *first)
    assert identitystore.list_users(IdentityStoreId=store)["Users"] == []
    assert identitystore.list_groups(IdentityStoreId=store)["Groups"] == []


def test_single_sign_on(server: RunningServer, tmp_path: Path) -> None:
    organizations, people = _client(server, "organizations"), _client(server, "identitystore")
    organizations.create_organization()
    asked = organizations.create_account(Email="a@example.com", AccountName="a")["CreateAccountStatus"]["Id"]
    status = organizations.describe_create_account_status(CreateAccountRequestId=asked)["CreateAccountStatus"]
    server.carnet("sso", "enable", "--account", server.account_id)
    (instance,) = _client(server, "sso-admin").list_instances()["Instances"]
    group = people.create_group(IdentityStoreId=instance["IdentityStoreId"], DisplayName="readers")["GroupId"]
    terraform = initialized("terraform-sso", server, tmp_path)
    named = ("-input=false", f"-var=account={status['AccountId']}", f"-var=group={group}")
    first = (*named, "-var=description=first", "-var=duration=PT2H")
    second = (*named, "-var=description=second", "-var=duration=PT4H")
    terraform("apply", "-auto-approve", *first)
    assert terraform.outputs() == {"duration": "PT2H"}
    terraform("plan", "-detailed-exitcode", *first, codes=(0,))

    terraform("apply", "-auto-approve", *second)
    terraform("plan", "-detailed-exitcode", *second, codes=(0,))
    assert terraform.outputs() == {"duration": "PT4H"}

    terraform("destroy", "-auto-approve", *second)
    assert (
        _client(server, "sso-admin").list_permission_sets(InstanceArn=instance["InstanceArn"])["PermissionSets"] == []
    )


def _client(server: RunningServer, service: Literal["iam", "organizations", "identitystore", "sso-admin"]) -> Any:
    return boto3.client(
        service,
        endpoint_url=server.endpoint,
        region_name="us-east-1",
        aws_access_key_id=server.environment["AWS_ACCESS_KEY_ID"],
        aws_secret_access_key=server.environment["AWS_SECRET_ACCESS_KEY"],
    )
