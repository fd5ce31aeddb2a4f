"""One server for the attacks of a module: an attacked server has to live on."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator

import pytest

from tests.attacks.wire import Holder
from tests.server.in_process import InProcessServer, in_process_server


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[InProcessServer]:
    with in_process_server(tmp_path_factory.mktemp("attacked"), password_hash_kib=8) as running:
        yield running


_NUMBERS = itertools.count()


@pytest.fixture
def new_user(server: InProcessServer) -> Callable[..., tuple[str, Holder]]:
    """Makes a user with a key and, where given, one inline policy; its name and its holder."""

    def make(document: str | None = None, **given: object) -> tuple[str, Holder]:
        iam, name = server.client("iam"), f"user-{next(_NUMBERS)}"
        iam.create_user(UserName=name, **given)
        if document is not None:
            iam.put_user_policy(UserName=name, PolicyName="p", PolicyDocument=document)
        return name, Holder.of(iam.create_access_key(UserName=name)["AccessKey"])

    return make
