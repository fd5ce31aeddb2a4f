"""An assertion is redeemed once, whichever node it is brought to."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.saml import idp
from tests.services.sts.federation import Federation
from tests.services.world import ServiceError, open_world


def test_a_second_node_does_not_take_it(tmp_path: Path, database: str) -> None:
    with open_world(tmp_path / "one", database_url=database) as one:
        key = tmp_path / "one" / "data" / "master.key"
        with open_world(tmp_path / "two", database_url=database, master_key_file=key) as two:
            federation = Federation(one)
            text = idp.post(federation.answer())
            asked = {"RoleArn": federation.role, "PrincipalArn": federation.provider, "SAMLAssertion": text}
            two.installation.directory.catch_up()
            two.unsigned("AssumeRoleWithSAML", **asked)
            for node in (one, two):
                with pytest.raises(ServiceError, match="has been redeemed for this role before"):
                    node.unsigned("AssumeRoleWithSAML", **asked)
