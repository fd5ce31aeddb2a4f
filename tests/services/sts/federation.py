"""A SAML provider and a role that trusts it, for tests."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any

import pytest

from tests.saml import idp
from tests.saml.idp import AWS, Answer
from tests.services.sts.trust import role
from tests.services.world import Caller, ServiceError, World

MINUTE = timedelta(minutes=1)


class Federation:
    """A world with a SAML provider and a role that trusts it."""

    def __init__(
        self, world: World, *, root: Caller | None = None, condition: Mapping[str, Any] | None = None, **given: Any
    ) -> None:
        self.world = world
        self.root = root or world.root
        self.provider: str = world.call(
            self.root, "CreateSAMLProvider", Name="idp", SAMLMetadataDocument=idp.metadata(), **given
        )["SAMLProviderArn"]
        self.role = self.trusting_role("reader", condition=condition)

    def trusting_role(
        self,
        name: str,
        *,
        condition: Mapping[str, Any] | None = None,
        actions: Sequence[str] = ("sts:AssumeRoleWithSAML", "sts:TagSession", "sts:SetSourceIdentity"),
        root: Caller | None = None,
    ) -> str:
        statement: dict[str, Any] = {
            "Effect": "Allow",
            "Principal": {"Federated": self.provider},
            "Action": list(actions),
        }
        if condition is not None:
            statement["Condition"] = condition
        return role(
            self.world,
            name,
            json.dumps({"Version": "2012-10-17", "Statement": statement}),
            root=root or self.root,
            MaxSessionDuration=7200,
        )

    def answer(self, role: str | None = None, **changes: Any) -> Answer:
        """What the provider says of alice, now."""
        now = self.world.clock()
        attributes = {
            f"{AWS}Role": [f"{role or self.role},{self.provider}"],
            f"{AWS}RoleSessionName": ["alice@example.com"],
            **changes.pop("attributes", {}),
        }
        return Answer(
            issued=now,
            confirmed_until=now + 5 * MINUTE,
            not_before=now - MINUTE,
            not_on_or_after=now + 60 * MINUTE,
            attributes={name: values for name, values in attributes.items() if values is not None},
        ).but(**changes)

    def assume(self, answer: Answer | str | None = None, *, role: str | None = None, **given: Any) -> dict[str, Any]:
        text = answer if isinstance(answer, str) else idp.post(answer or self.answer(role))
        asked = {"RoleArn": role or self.role, "PrincipalArn": self.provider, "SAMLAssertion": text, **given}
        return self.world.unsigned("AssumeRoleWithSAML", **asked)

    def refused(self, answer: Answer | str | None = None, **given: Any) -> tuple[str, str]:
        with pytest.raises(ServiceError) as refusal:
            self.assume(answer, **given)
        return refusal.value.code, refusal.value.message
