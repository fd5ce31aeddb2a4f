"""A document is applied to every store, with the same outcome."""

from __future__ import annotations

from pathlib import Path

from carnet.assembly.installation import open_installation
from carnet.assembly.settings import Settings
from carnet.entities.group import Group
from carnet.provisioning.application import Applying
from carnet.provisioning.document import Home, read_document
from carnet.provisioning.operator import Operator
from carnet.provisioning.plan import Verdict, make_plan

ACCOUNT = "111122223333"
TRUST = {
    "Version": "2012-10-17",
    "Statement": {"Effect": "Allow", "Principal": {"AWS": ACCOUNT}, "Action": "sts:AssumeRole"},
}
DATA = {
    "AccountId": ACCOUNT,
    "Alias": "some-name",
    "RootAccessKeys": [{"AccessKeyId": "AKIAIOSFODNN7EXAMPLE", "SecretAccessKey": "a-secret-that-is-given"}],
    "GroupDetailList": [{"GroupName": "g"}],
    "UserDetailList": [{"UserName": f"u{number}", "GroupList": ["g"]} for number in range(20)],
    "RoleDetailList": [{"RoleName": "r", "AssumeRolePolicyDocument": TRUST}],
}


def test_a_document_is_applied(database: str, tmp_path: Path) -> None:
    settings = Settings(database_url=database, data_dir=tmp_path)
    with open_installation(settings, create=True) as installation:
        operator = Operator(parts=installation.execution.parts, partition="aws", now=installation.clock())
        document = read_document(DATA, Home(partition_of=lambda account: "aws", account=None))

        def verdicts() -> set[Verdict]:
            snapshot = installation.directory.snapshot
            plan = make_plan(document, snapshot, operator, installation.store.types)
            Applying(store=installation.store, directory=installation.directory, operator=operator).apply(plan)
            return {item.verdict for item in plan.items}

        assert verdicts() == {Verdict.CREATE}
        assert verdicts() == {Verdict.UNCHANGED}
    with open_installation(settings) as again:
        view = again.directory.snapshot.account(ACCOUNT)
        assert view is not None
        (group,) = view.of(Group)
        assert len(view.members(group.id)) == 20
