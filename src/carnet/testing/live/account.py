"""An account of its own for a test, and whoever the test needs to be in it."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from functools import cached_property
from pathlib import Path
from secrets import token_hex
from typing import Any

from carnet.testing.live.server import CarnetServer
from carnet.testing.live.session import CarnetSession, Keys
from carnet.testing.question import checked_text

Policy = Mapping[str, object] | str | Path
"""A policy document, as an object, as JSON, or the file that holds that; or the ARN of a managed policy."""

_EMAIL = "test@example.com"
_VERSION = "2012-10-17"


class CarnetAccount:
    """A fresh account. `root` is a session of its root user, which may do everything in it."""

    def __init__(self, server: CarnetServer) -> None:
        made = server.own_api.call("POST", "accounts", {"name": f"test {token_hex(4)}", "email": _EMAIL})
        key = made["rootAccessKey"]
        keys = Keys(access_key_id=key["accessKeyId"], secret_access_key=key["secretAccessKey"])
        self.id: str = made["account"]["id"]
        self.server = server
        self.root = CarnetSession(server, keys)
        self._setting_up = CarnetSession(server, keys, watched=False)

    def session(self, key_id: str, secret: str, token: str | None = None) -> CarnetSession:
        """A session of whoever has that access key."""
        return CarnetSession(self.server, Keys(access_key_id=key_id, secret_access_key=secret, session_token=token))

    def delete(self) -> None:
        """Remove the account with all that is in it."""
        self.server.own_api.call("DELETE", f"accounts/{self.id}")

    def act_as(
        self, role: str | None = None, *, user: str | None = None, policies: Policy | Iterable[Policy] = ()
    ) -> CarnetSession:
        """A session of a role or a user that the account has, by name or ARN, or of a new role that has these policies.

        Raises TypeError unless it is one of the three.
        """
        if (role is not None) + (user is not None) + bool(policies) > 1:
            raise TypeError("carnet_as takes a role, a user or policies")
        if user is not None:
            return self._as_user(_name(user))
        if role is not None:
            return self._as_role(_name(role))
        return self._as_holder_of(_each(policies))

    @cached_property
    def _iam(self) -> Any:
        return self._setting_up.client("iam")

    @cached_property
    def _sts(self) -> Any:
        """A client of a user who assumes roles: the root user may not."""
        name = f"carnet-as-{token_hex(4)}"
        self._iam.create_user(UserName=name)
        document = _policy_json(_document({"Effect": "Allow", "Action": "sts:AssumeRole", "Resource": "*"}))
        self._iam.put_user_policy(UserName=name, PolicyName="assume", PolicyDocument=document)
        key = self._iam.create_access_key(UserName=name)["AccessKey"]
        keys = Keys(access_key_id=key["AccessKeyId"], secret_access_key=key["SecretAccessKey"])
        return CarnetSession(self.server, keys, watched=False).client("sts")

    def _as_user(self, name: str) -> CarnetSession:
        key = self._iam.create_access_key(UserName=name)["AccessKey"]
        return self.session(key["AccessKeyId"], key["SecretAccessKey"])

    def _as_holder_of(self, policies: Iterable[Policy]) -> CarnetSession:
        iam, name = self._iam, f"carnet-as-{token_hex(4)}"
        role = iam.create_role(RoleName=name, AssumeRolePolicyDocument=_policy_json(_document(self._trust())))["Role"]
        for number, policy in enumerate(policies):
            if isinstance(policy, str) and policy.startswith("arn:"):
                iam.attach_role_policy(RoleName=name, PolicyArn=policy)
            else:
                iam.put_role_policy(RoleName=name, PolicyName=f"policy-{number}", PolicyDocument=_policy_json(policy))
        return self._assume_role(role)

    def _as_role(self, name: str) -> CarnetSession:
        """A session of a role, whomever it trusts: it trusts this account, too, while it is assumed."""
        iam = self._iam
        role = iam.get_role(RoleName=name)["Role"]
        trust = role["AssumeRolePolicyDocument"]
        statements = trust["Statement"] if isinstance(trust["Statement"], list) else [trust["Statement"]]
        widened = {**trust, "Statement": [*statements, self._trust()]}
        iam.update_assume_role_policy(RoleName=name, PolicyDocument=_policy_json(widened))
        try:
            return self._assume_role(role)
        finally:
            iam.update_assume_role_policy(RoleName=name, PolicyDocument=_policy_json(trust))

    def _assume_role(self, role: Mapping[str, Any]) -> CarnetSession:
        given = self._sts.assume_role(RoleArn=role["Arn"], RoleSessionName="carnet-as")["Credentials"]
        return self.session(given["AccessKeyId"], given["SecretAccessKey"], given["SessionToken"])

    def _trust(self) -> dict[str, Any]:
        return {"Effect": "Allow", "Principal": {"AWS": self.id}, "Action": "sts:AssumeRole"}


def _document(statement: Mapping[str, Any]) -> dict[str, Any]:
    return {"Version": _VERSION, "Statement": [statement]}


def _each(policies: Policy | Iterable[Policy]) -> Iterable[Policy]:
    return [policies] if isinstance(policies, Mapping | str | Path) else policies


def _policy_json(policy: Policy) -> str:
    if isinstance(policy, Path):
        return policy.read_text("utf-8")
    return checked_text(policy) if isinstance(policy, str) else json.dumps(policy)


def _name(text: str) -> str:
    """The name of a role or a user, of its name or its ARN."""
    return text.rpartition("/")[2]
