"""The page about files that are applied: its example, its members, and its rules."""

from __future__ import annotations

import re
from pathlib import Path

from click.testing import CliRunner

from carnet.assembly.installation import open_installation
from carnet.assembly.settings import Settings
from carnet.cli import main
from carnet.provisioning import document, holders, keys

PAGE = Path("docs/apply.md").read_text()
MADE_BY_AWS = {
    *("PolicyId", "Arn", "DefaultVersionId", "AttachmentCount", "PermissionsBoundaryUsageCount", "IsAttachable"),
    *("CreateDate", "UpdateDate", "GroupId", "UserId", "RoleId", "RoleLastUsed"),
}


def test_the_example_is_applied(tmp_path: Path) -> None:
    found = re.search(r'```yaml title="team.yaml"\n(.*?)```', PAGE, re.DOTALL)
    assert found is not None
    file = tmp_path / "team.yaml"
    file.write_text(found[1])
    with open_installation(Settings(data_dir=tmp_path / "data"), create=True):
        pass
    done = CliRunner().invoke(main, ["apply", str(file), "--data-dir", str(tmp_path / "data")])
    assert done.exit_code == 0, done.output
    assert "Done: 6 created, 0 updated, 0 unchanged." in done.output


def test_the_page_names_every_member() -> None:
    rows = {
        row: set(re.findall(r"`([A-Z][A-Za-z]+)`", text))
        for row, text in re.findall(r"^\| an? (.*?) \| (.*)", PAGE, re.M)
    }
    assert rows["account"] == {*document._ACCOUNT, *document._LISTS}
    assert rows["policy"] == set(holders._POLICY) - MADE_BY_AWS
    assert rows["group"] == set(holders._GROUP) - MADE_BY_AWS
    assert rows["user"] == set(holders._USER) - MADE_BY_AWS
    assert rows["role"] == set(holders._ROLE) - MADE_BY_AWS
    assert rows["access key"] - {"AKIA"} == set(keys._KNOWN)
