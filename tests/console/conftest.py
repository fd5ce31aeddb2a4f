"""Fixtures of the tests of the console: one server with one user, Alice, for each module."""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest

from carnet.identity.totp import code_of, step_at
from tests.console.browsing import Browser
from tests.server.in_process import InProcessServer, in_process_server

GOOD = "Correct-horse-1"


@dataclass(frozen=True)
class Site:
    """A server, and IAM on it as the root user."""

    server: InProcessServer
    iam: Any

    @property
    def account(self) -> str:
        return self.server.root.account

    @property
    def browser(self) -> Browser:
        """A new one."""
        return Browser(self.server)

    def user(self, **profile: Any) -> str:
        """The name of a new user with the password GOOD."""
        name = f"user-{secrets.token_hex(4)}"
        self.iam.create_user(UserName=name)
        self.iam.create_login_profile(UserName=name, Password=GOOD, **profile)
        return name

    def app(self, user: str) -> tuple[str, bytes]:
        """The serial number and the seed of an authenticator app that is enabled for a user."""
        made = self.iam.create_virtual_mfa_device(VirtualMFADeviceName=f"app-{secrets.token_hex(4)}")
        serial, text = made["VirtualMFADevice"]["SerialNumber"], made["VirtualMFADevice"]["Base32StringSeed"]
        import base64

        seed = base64.b32decode(text)
        codes = {f"AuthenticationCode{number + 1}": self.code(seed, number - 1) for number in range(2)}
        self.iam.enable_mfa_device(UserName=user, SerialNumber=serial, **codes)
        return serial, seed

    def code(self, seed: bytes, ahead: int = 0) -> str:
        return code_of(seed, step_at(self.server.clock()) + ahead)

    def later(self, seconds: float = 30) -> None:
        self.server.clock.advance(seconds)

    def sign_in(self, browser: Browser, user: str, password: str = GOOD) -> dict[str, Any]:
        """The first step, which is answered with 200."""
        page = browser.sign_in(account=self.account, name=user, password=password)
        assert page.status == 200, page.text
        return page.told


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    with (
        in_process_server(tmp_path_factory.mktemp("site"), password_hash_kib=8) as server,
        pytest.MonkeyPatch.context() as patch,
    ):
        patch.setattr("botocore.auth.get_current_datetime", lambda: server.clock().replace(tzinfo=None))
        server.clock.stand_still()
        yield Site(server, server.client("iam"))
