"""A checker of SCIM servers (`scim2-tester`), which another environment runs: what it is told and prints is JSON."""

from __future__ import annotations

import json
import sys

from httpx2 import Client  # type: ignore[import-not-found]  # of the environment that runs it, as those below
from scim2_client.engines.httpx2 import SyncSCIMClient  # type: ignore[import-not-found]
from scim2_models import ScimPolicy, ScimProvider  # type: ignore[import-not-found]
from scim2_tester import check_server  # type: ignore[import-not-found]


def main() -> None:
    """Print what each check came to."""
    given = json.load(sys.stdin)
    with Client(base_url=given["url"], headers={"authorization": f"Bearer {given['token']}"}, timeout=30) as client:
        provider = ScimProvider(policy=ScimPolicy(**given["policy"]))
        results = check_server(SyncSCIMClient(client, provider=provider))
    shown = [(each.status.name, each.title, each.resource_type, str(each.reason)) for each in results]
    json.dump(shown, sys.stdout)


main()
