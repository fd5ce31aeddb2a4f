"""Each step of a sign-in beside a PostgreSQL that hangs: connections are open, and nothing is answered.

It hangs until the test lets it go on, so that a step that waits for its answer outlasts who asks: they give up after a
minute. Three ends of the wait are there, and each is enough: the server's pulse, the patience of a connection, and the
time that a change is waited for.
"""

from __future__ import annotations

import time
from collections.abc import Iterator

import pytest
from botocore.exceptions import ClientError

from carnet.entities.identity_center_instance import Instance
from tests.console.conftest import Site
from tests.console.steps import STEPS, Flows, Step
from tests.console.test_people import instance
from tests.console.test_provider_sign_in import use_directory
from tests.console.test_sso_consent import Person
from tests.scim.provisioner import another_token
from tests.server.in_process import in_process_server
from tests.services.sso_oidc.people import REDIRECT
from tests.stores.postgresql import PostgresqlServer, running_server, soon_silent
from tests.waiting import PATIENCE_SECONDS, eventually

assert callable(instance), "a fixture"


@pytest.fixture(scope="module")
def database() -> Iterator[PostgresqlServer]:
    yield from running_server()


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory, database: PostgresqlServer) -> Iterator[Site]:
    with (
        in_process_server(
            tmp_path_factory.mktemp("site"),
            database_url=soon_silent(database.new_database(patient=False)),
            password_hash_kib=8,
            patient=False,
        ) as server,
        pytest.MonkeyPatch.context() as patch,
    ):
        patch.setattr("botocore.auth.get_current_datetime", lambda: server.clock().replace(tzinfo=None))
        server.clock.stand_still()
        yield Site(server, server.client("iam"))


@pytest.fixture(autouse=True)
def goes_on(site: Site, instance: Instance, database: PostgresqlServer) -> Iterator[None]:
    yield
    database.go_on()
    eventually(lambda: not site.server.installation.store.silent)
    use_directory(site)


def taken(step: Step) -> bool:
    """Whether a step is taken before long: the store is connected to anew."""
    deadline = time.monotonic() + PATIENCE_SECONDS
    while (status := step()) == 503 and time.monotonic() < deadline:
        time.sleep(0.1)
    return status == 200


@pytest.mark.parametrize("name", STEPS)
def test_a_step_is_refused_before_long_and_taken_later(
    site: Site, instance: Instance, database: PostgresqlServer, name: str
) -> None:
    flows = Flows(site, instance)
    step: Step = getattr(flows, name)()
    database.hang()
    assert step() == 503, "what is worth a retry"
    database.go_on()
    site.later(1)
    assert taken(step)
    assert flows.then()


def test_what_is_shown_and_given_out_needs_none(site: Site, instance: Instance, database: PostgresqlServer) -> None:
    mary = Person(site, instance)
    mary.assigned()
    site.later(1)
    client = mary.register()
    token = mary.oidc.create_token(**mary.code(client))["accessToken"]
    tool, user = another_token(site.server, instance.identity_store), site.user()
    database.hang()
    assert mary.user.user_name in mary.browser.get("/console/").text
    assert mary.browser.get("/device").status == 200
    (account,) = mary.portal.list_accounts(accessToken=token)["accountList"]
    (role,) = mary.portal.list_account_roles(accessToken=token, accountId=account["accountId"])["roleList"]
    given = mary.portal.get_role_credentials(accessToken=token, **role)["roleCredentials"]
    keys = {"key": given["accessKeyId"], "secret": given["secretAccessKey"], "token": given["sessionToken"]}
    assert site.server.client("sts", **keys).get_caller_identity()["Arn"].endswith(f"/{mary.user.user_name}")
    answer = mary.send({"kind": "client", "query": mary.query(client), "answer": "allow"})
    assert answer.told["to"].startswith(f"{REDIRECT}?code=")
    assert tool("GET", f"Users/{mary.user.id}").status == 200
    with pytest.raises(ClientError, match="ServiceUnavailable"):
        site.iam.delete_user(UserName=user)
