"""By single sign-on to `aws s3 ls`: what the AWS CLI gets by a browser is what the gateway decides on."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from carnet.entities.account_assignment import AccountAssignment
from carnet.entities.identity_center_instance import Instance
from carnet.entities.role import Role
from tests.clients.running import AWS_V2
from tests.clients.signing_in import Terminal, configure, role_of, take_back
from tests.console.conftest import Site
from tests.console.test_people import instance, save
from tests.console.test_sso_consent import Person
from tests.gateway.store import BUCKET, a_store

assert callable(instance), "a fixture"

LIST = '{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"s3:ListAllMyBuckets","Resource":"*"}}'


def allow(mary: Person, policy: str) -> None:
    """Let her role do that."""
    view = mary.site.server.installation.directory.snapshot.accounts[mary.site.account]
    (role,) = (each for each in view.of(Role) if each.name.startswith("AWSReservedSSO_"))
    save(mary.site, replace(role, inline={"AwsSSOInlinePolicy": policy}))


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    with a_store(tmp_path_factory.mktemp("site"), password_hash_kib=8) as store:
        yield Site(store.server, store.server.client("iam"))


@pytest.fixture
def terminal(tmp_path: Path, site: Site) -> Terminal:
    if not AWS_V2.exists():
        pytest.skip(f"{AWS_V2} is not there: make clients unpacks it")
    return Terminal(tmp_path, site)


def test_a_person_lists_buckets_as_the_permission_set_says(site: Site, instance: Instance, terminal: Terminal) -> None:
    mary = Person(site, instance)
    mary.assigned()
    configure(terminal, mary, role_of(mary))
    with terminal.waiting("sso", "login", "--profile", "dev", "--no-browser") as (_, url):
        take_back(mary, url)
    assert "s3:ListAllMyBuckets" in refused(terminal)
    allow(mary, LIST)
    assert terminal.ran(AWS_V2, "s3", "ls", "--profile", "dev").split()[-1:] == [BUCKET]
    take_away(mary)
    assert "(InvalidToken)" in refused(terminal)


def take_away(mary: Person) -> None:
    """The assignment goes: what the CLI has got is worth nothing, and there is nothing more to get."""
    here = mary.site.server.installation
    (assignment,) = here.directory.snapshot.accounts[mary.site.account].of(AccountAssignment)
    with here.store.write() as unit:
        unit.remove(assignment)
    here.directory.catch_up()


def refused(terminal: Terminal) -> str:
    done = subprocess.run(
        [AWS_V2, "s3", "ls", "--profile", "dev"], env=terminal.environment, capture_output=True, text=True, check=False
    )
    assert done.returncode, done.stdout
    return done.stderr
