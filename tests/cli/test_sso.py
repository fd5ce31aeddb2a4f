"""`carnet sso`."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from carnet.assembly.installation import open_installation
from carnet.assembly.settings import Settings
from carnet.cli import main
from carnet.entities.identity_store_user import IdentityStoreUser
from carnet.entities.operator_token import OperatorScope
from carnet.entities.person_invitation import PersonInvitation
from tests.mail.post_office import PASSWORD, USER, post_office
from tests.provisioning.test_estates import ESTATE
from tests.saml import idp
from tests.scim.provisioner import Provisioner, provisioner
from tests.server.in_process import in_process_server
from tests.server.own_api.calling import operator_token


@pytest.fixture
def data(tmp_path: Path) -> Path:
    directory = tmp_path / "data"
    with open_installation(Settings(data_dir=directory), create=True):
        return directory


def run(data: Path, *arguments: str, code: int = 0, given: str | None = None) -> str:
    done = CliRunner().invoke(main, [*arguments, "--data-dir", str(data)], input=given)
    assert done.exit_code == code, done.output
    return done.output


def test_the_only_organization_gets_its_instance_once(data: Path) -> None:
    none = run(data, "sso", "enable", code=1)
    assert none == (
        "Error: There is no organization: --account makes the instance of an account without one, and "
        "aws organizations create-organization makes an organization.\n"
    )
    run(data, "org", "import", "-", given=json.dumps(ESTATE))
    made = json.loads(run(data, "sso", "enable", "--region", "eu-west-1", "--output", "json"))
    assert made["startUrl"] == f"https://{made['identityStoreId']}.awsapps.com/start"
    assert "has the instance ssoins-" in run(data, "sso", "enable", code=1)


def test_an_account_of_its_own_and_what_cannot_be(data: Path) -> None:
    account = json.loads(run(data, "account", "create", "--output", "json"))["AccountId"]
    assert f"account: {account}\norganization: -\n" in run(data, "sso", "enable", "--account", account)
    assert "no Region" in run(data, "sso", "enable", "--account", account, "--region", "mars", code=1)
    both = run(data, "sso", "enable", "--account", account, "--organization", "o-x", code=2)
    assert "one of them" in both


def person(data: Path, account: str) -> IdentityStoreUser:
    """Mary, new in the identity store."""
    with open_installation(Settings(data_dir=data)) as here:
        now = here.clock()
        mary = IdentityStoreUser(
            id="0123456789-1",
            account=account,
            identity_store="d-0123456789",
            user_name="Mary",
            attributes={"Emails": [{"Value": "mary@example.com"}]},
            created=now,
            created_by="test",
            updated=now,
            updated_by="test",
        )
        with here.store.write() as unit:
            unit.add(mary)
    return mary


@pytest.mark.parametrize("command", [("user", "invite", "mary"), ("identity-source", "show")])
def test_who_has_no_instance_is_told_how_to_get_one(data: Path, command: tuple[str, ...]) -> None:
    assert run(data, "sso", *command, code=1) == (
        "Error: There is no instance of IAM Identity Center: carnet sso enable makes one.\n"
    )


def test_a_person_is_sent_a_link(data: Path) -> None:
    account = json.loads(run(data, "account", "create", "--output", "json"))["AccountId"]
    run(data, "sso", "enable", "--account", account)
    assert "has no user mary: aws identitystore create-user makes one." in run(
        data, "sso", "user", "invite", "mary", code=1
    )
    mary = person(data, account)
    made = json.loads(run(data, "sso", "user", "invite", "mary", "--output", "json"))
    assert made["userId"] == mary.id
    assert made["link"] == f"http://127.0.0.1:4747/console/invited#{made['token']}"
    told = run(data, "sso", "user", "reset-password", mary.id, "--remove-mfa", "--hours", "1")
    assert told.startswith("Whoever opens this link sets the password of 0123456789-1, once, until 20")
    with open_installation(Settings(data_dir=data)) as here:
        (invitation,) = here.store.all_of(PersonInvitation)
        assert (invitation.id, invitation.remove_mfa) == (mary.id, True)
        assert made["token"] not in json.dumps(here.store.audit_events())


def test_a_link_is_mailed(data: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    account = json.loads(run(data, "account", "create", "--output", "json"))["AccountId"]
    run(data, "sso", "enable", "--account", account)
    mary, invite = person(data, account), ("sso", "user", "invite", "mary", "--mail")
    assert "--smtp-url (CARNET_SMTP_URL)" in run(data, *invite, code=1)
    with post_office() as office:
        at = ("--smtp-url", office.url.replace("//", f"//{USER}@"), "--mail-from", "carnet@example.com")
        assert "whose password comes from CARNET_SMTP_PASSWORD" in run(data, *invite, *at, code=2)
        file = data / "password"
        file.write_text(f"{PASSWORD}\n")
        told = run(data, *invite, *at, "--smtp-password-file", str(file))
        assert told.startswith("The link by which mary sets a password was mailed. It is good, once, until 20")
        assert office.link().startswith("http://127.0.0.1:4747/console/invited#carnet_pi_")
        monkeypatch.setenv("CARNET_SMTP_PASSWORD", PASSWORD)
        made = json.loads(run(data, "sso", "user", "reset-password", mary.id, "--mail", *at, "--output", "json"))
        assert made["mailed"] is True
        assert not {"token", "link"} & set(made)
        before = invitations(data)
        monkeypatch.setenv("CARNET_SMTP_PASSWORD", "wrong")
        refused = run(data, *invite, *at, code=1)
        assert refused == (
            f"Error: The mail server 127.0.0.1:{office.port} refuses the user name or the password (535). "
            "Nothing was changed.\n"
        )
        assert invitations(data) == before


def invitations(data: Path) -> list[PersonInvitation]:
    with open_installation(Settings(data_dir=data)) as here:
        return list(here.store.all_of(PersonInvitation))


def test_a_server_mails_a_link(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    with post_office() as office, in_process_server(tmp_path, smtp_url=office.url, mail_from="a@b.example") as server:
        account = server.root.account
        monkeypatch.setenv("CARNET_OPERATOR_TOKEN", operator_token(server, *OperatorScope).text)
        provisioner(server, account)
        mary = person(server.installation.settings.data_dir, account)
        server.installation.directory.catch_up()
        asks = ("--endpoint-url", server.endpoint, "--account", account)
        invite = ["sso", "user", "invite", mary.id, "--mail", *asks]
        done = CliRunner().invoke(main, invite)
        assert done.exit_code == 0, done.output
        assert done.output.startswith(f"The link by which {mary.id} sets a password was mailed. It is good, once,")
        assert len(office.mails) == 1
        office.refused["RCPT"] = "550 no"
        done = CliRunner().invoke(main, invite)
        assert done.exit_code == 1
        assert "refuses the address of the user (550). Nothing was changed." in done.output


def test_scim_tokens_are_made_listed_and_deleted(data: Path) -> None:
    account = json.loads(run(data, "account", "create", "--output", "json"))["AccountId"]
    enabled = json.loads(run(data, "sso", "enable", "--account", account, "--output", "json"))
    of_store = ("--store", enabled["identityStoreId"])
    made = json.loads(run(data, "sso", "scim-token", "create", *of_store, "--output", "json"))
    assert made["token"].startswith("carnet_scim_")
    assert made["path"] == f"/_carnet/scim/{enabled['identityStoreId']}/v2/"
    assert "token: carnet_scim_" in run(data, "sso", "scim-token", "create", *of_store)
    assert "Delete one of them" in run(data, "sso", "scim-token", "create", *of_store, code=1)
    listed = json.loads(run(data, "sso", "scim-token", "list", *of_store, "--output", "json"))
    assert (len(listed), listed[0]["id"]) == (2, made["id"])
    assert made["token"] not in json.dumps(listed)
    run(data, "sso", "scim-token", "delete", *of_store, made["id"])
    assert len(json.loads(run(data, "sso", "scim-token", "list", *of_store, "--output", "json"))) == 1
    assert "has no SCIM token" in run(data, "sso", "scim-token", "delete", *of_store, made["id"], code=1)
    unknown = run(data, "sso", "scim-token", "list", "--store", "d-0000000000", code=1)
    assert "There is no identity store d-0000000000" in unknown


def test_the_identity_source(data: Path, tmp_path: Path) -> None:
    """It is shown, and changed to an external provider and back."""
    account = json.loads(run(data, "account", "create", "--output", "json"))["AccountId"]
    source = ("sso", "identity-source")
    store = json.loads(run(data, "sso", "enable", "--account", account, "--output", "json"))["identityStoreId"]
    assert f"acsUrl: http://localhost:4747/saml/acs/{store}\n" in run(data, *source, "show")
    metadata = tmp_path / "metadata.xml"
    metadata.write_text(idp.metadata(redirect="https://idp.example.com/sso"))
    told = json.loads(run(data, *source, "external", str(metadata), "--output", "json"))
    assert (told["identitySource"], told["providerIssuer"]) == ("EXTERNAL_IDENTITY_PROVIDER", idp.ISSUER)
    assert told["providerSignInUrl"] == "https://idp.example.com/sso"
    metadata.write_text(idp.metadata(post=None))
    refused = run(data, *source, "external", str(metadata), code=1)
    assert refused == "Error: The metadata has no SingleSignOnService with the binding HTTP-Redirect or HTTP-POST.\n"
    metadata.write_bytes(b"\xff")
    assert "cannot be read" in run(data, *source, "external", str(metadata), code=1)
    assert "EXTERNAL" in run(data, *source, "show")
    assert "identitySource: IDENTITY_CENTER_DIRECTORY\n" in run(data, *source, "directory")


def test_keys_sign_the_requests_to_a_provider(data: Path, tmp_path: Path) -> None:
    account = json.loads(run(data, "account", "create", "--output", "json"))["AccountId"]
    run(data, "sso", "enable", "--account", account)
    source = ("sso", "identity-source")
    metadata = tmp_path / "metadata.xml"
    metadata.write_text(idp.metadata(redirect="https://idp.example.com/sso", wants_signed="true"))
    assert "carnet sso identity-source key add" in run(data, *source, "external", str(metadata), code=1)
    told = json.loads(run(data, *source, "key", "add", "--output", "json"))
    (old,) = (key["keyId"] for key in told["signingKeys"])
    run(data, *source, "external", str(metadata))
    new = json.loads(run(data, *source, "key", "add", "--output", "json"))["signingKeys"][1]["keyId"]
    assert "Let another one sign first" in run(data, *source, "key", "delete", old, code=1)
    assert f"signingKey: {new}, until" in run(data, *source, "key", "use", new)
    assert old not in run(data, *source, "key", "delete", old)
    assert "WantAuthnRequestsSigned" in run(data, *source, "key", "delete", new, code=1)


def test_the_only_store_need_not_be_named(data: Path) -> None:
    assert "there are 0 identity stores" in run(data, "sso", "scim-token", "list", code=2)
    account = json.loads(run(data, "account", "create", "--output", "json"))["AccountId"]
    run(data, "sso", "enable", "--account", account)
    made = json.loads(run(data, "sso", "scim-token", "create", "--output", "json"))
    (listed,) = json.loads(run(data, "sso", "scim-token", "list", "--output", "json"))
    assert (listed["id"], listed["lastUsed"]) == (made["id"], "-")
    assert json.loads(run(data, "sso", "scim-requests", "--account", account, "--output", "json")) == []
    empty = run(data.parent / "empty", "sso", "scim-requests", "--account", account, code=1)
    assert "No event is recorded" in empty


def test_a_server_makes_lists_and_deletes_scim_tokens(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    with in_process_server(tmp_path) as server:
        scim = provisioner(server, server.root.account)
        monkeypatch.setenv("CARNET_OPERATOR_TOKEN", operator_token(server, *OperatorScope).text)
        asks = ("--endpoint-url", server.endpoint, "--account", server.root.account)

        def told(*arguments: str) -> Any:
            done = CliRunner().invoke(main, ["sso", *arguments, *asks])
            assert done.exit_code == 0, done.output
            return json.loads(done.output) if "--output" in arguments else done.output

        made = told("scim-token", "create", "--output", "json")
        assert made["path"] == f"/_carnet/scim/{scim.tenant}/v2/"
        new = Provisioner(server, scim.tenant, made["token"])
        assert new("GET", "Users").status == 200
        assert told("scim-requests", "--output", "json")[0]["request"] == "ScimListUsers"
        assert told("scim-requests", "--failed", "--output", "json") == []
        assert len(told("scim-token", "list", "--output", "json")) == 2
        assert told("scim-token", "delete", made["id"]) == ""
        assert new("GET", "Users").status == 401
        for wrong in (("--store", scim.tenant, *asks), asks[:2]):
            refused = CliRunner().invoke(main, ["sso", "scim-token", "list", *wrong])
            assert (refused.exit_code, "Give --account" in refused.output) == (2, True)


def test_saml_applications(data: Path) -> None:
    account = json.loads(run(data, "account", "create", "--output", "json"))["AccountId"]
    run(data, "sso", "enable", "--account", account)
    make = ("sso", "saml-application", "create", "Wiki", "--audience", "wiki", "--acs-url")
    told = json.loads(run(data, *make, "https://wiki.example/acs", "--attribute", "mail=${user:email}"))
    (made,) = told["applications"]
    assert made["attributes"] == {"mail": "${user:email}"}
    assert made["metadataUrl"].startswith("http://localhost:4747/saml/metadata/apl-")
    assert json.loads(run(data, "sso", "saml-application", "list")) == told
    assert "ACS URL" in run(data, *make, "http://wiki.example/acs", code=1)
    assert "NAME=SOURCE" in run(data, *make, "https://wiki.example/acs", "--attribute", "mail", code=2)


@pytest.mark.parametrize(
    ("given", "why"),
    [
        (
            ("--smtp-url", "smtp://me:hush@mail.example.com", "--mail-from", "a@b.example"),
            "belongs in CARNET_SMTP_PASSWORD",
        ),
        (("--smtp-url", "smtp://me@mail.example.com", "--mail-from", "a@b.example"), "whose password comes from"),
        (("--smtp-url", "smtp://mail.example.com"), "mail-from has to be an address"),
        (("--mail-from", "a@b.example"), "--smtp-url (CARNET_SMTP_URL) names one"),
        (
            ("--smtp-url", "smtp://me@mail.example.com", "--mail-from", "a@b.example", "--smtp-password-file", "none"),
            "none, the smtp-password-file, cannot be read",
        ),
    ],
)
def test_a_server_is_not_started_with_half_a_mail_server(tmp_path: Path, given: tuple[str, ...], why: str) -> None:
    told = run(tmp_path / "data", "serve", *given, code=2)
    assert why in " ".join(told.split())
    assert "hush" not in told
    assert not (tmp_path / "data").exists()
