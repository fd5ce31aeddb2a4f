"""An instance of Identity Center with people who have permission sets, and clients that sign in for them."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from carnet.base.http import HttpRequest
from carnet.bearer.access_token import verify
from carnet.directory.identity_center import person
from carnet.entities.account_assignment import AccountAssignment, PrincipalType
from carnet.entities.browser_session import BrowserSession, HolderKind
from carnet.entities.identity_center_instance import Instance, instance_id
from carnet.entities.identity_store_group import IdentityStoreGroup
from carnet.entities.identity_store_membership import IdentityStoreMembership
from carnet.entities.identity_store_user import IdentityStoreUser
from carnet.entities.permission_set import PermissionSet
from carnet.entities.provisioned_permission_set import ProvisionedPermissionSet
from carnet.entities.role import Role
from carnet.identity.caller import Bearer
from carnet.models.service import BEARER_HEADER
from carnet.services.execution import Done
from carnet.services.sso_oidc.approval import AnswerDevice, waiting_device
from carnet.services.sso_oidc.authorize import asked
from tests.services.organizations.estate import Estate
from tests.services.world import World

VERIFIER = "v" * 43
CHALLENGE = base64.urlsafe_b64encode(hashlib.sha256(VERIFIER.encode()).digest()).rstrip(b"=").decode()
REDIRECT = "http://127.0.0.1:61234/oauth/callback"
SCOPE = "sso:account:access"
DEVICE = "urn:ietf:params:oauth:grant-type:device_code"
Given = dict[str, Any]


@dataclass(frozen=True, kw_only=True)
class Client:
    """A registered client."""

    id: str
    secret: str

    @property
    def proof(self) -> Given:
        return {"clientId": self.id, "clientSecret": self.secret}


class Center:
    """One instance, of the organization of an account of its own."""

    def __init__(self, world: World) -> None:
        self.world = world
        management = world.account()
        self.account = world.principal(management).principal.account
        made = world.call(management, "CreateOrganization", service="organizations")["Organization"]
        (root,) = world.call(management, "ListRoots", service="organizations")["Roots"]
        self.estate = Estate(world=world, organization=made["Id"], root=root["Id"])
        digits = world.installation.ids.random(8).hex()
        self.instance = Instance(
            id=instance_id(digits),
            account=self.account,
            organization=self.estate.organization,
            region="us-east-1",
            created=world.clock(),
        )
        self.digits = digits[:10]
        self.add(self.instance)

    def member(self) -> str:
        """The id of another account of the organization."""
        return self.estate.account_of(self.estate.member())

    def add(self, *entities: object) -> None:
        with self.world.installation.store.write() as unit:
            for entity in entities:
                unit.add(entity)
        self.world.installation.directory.catch_up()

    def save(self, entity: object) -> None:
        with self.world.installation.store.write() as unit:
            unit.save(entity)
        self.world.installation.directory.catch_up()

    def remove(self, entity: object) -> None:
        with self.world.installation.store.write() as unit:
            unit.remove(entity)
        self.world.installation.directory.catch_up()

    def person(self, name: str) -> IdentityStoreUser:
        made = IdentityStoreUser(user_name=name, **self._of_store())
        self.add(made)
        return made

    def group(self, name: str, *members: IdentityStoreUser) -> IdentityStoreGroup:
        made = IdentityStoreGroup(display_name=name, **self._of_store())
        self.add(made, *(self.membership(made, member) for member in members))
        return made

    def membership(self, group: IdentityStoreGroup, member: IdentityStoreUser) -> IdentityStoreMembership:
        stored = self._of_store()
        return IdentityStoreMembership(
            group=group.id,
            member=member.id,
            **{name: stored[name] for name in ("id", "account", "identity_store", "created", "created_by")},
        )

    def _of_store(self) -> Given:
        now = self.world.clock()
        return {
            "id": f"{self.digits}-{self.world.installation.ids.uuid()}",
            "account": self.account,
            "identity_store": self.instance.identity_store,
            "created": now,
            "created_by": "test",
            "updated": now,
            "updated_by": "test",
        }

    def permission_set(self, name: str, *, target: str = "", seconds: int = 3600) -> ProvisionedPermissionSet:
        """A permission set that is provisioned to an account, its role with it."""
        target = target or self.account
        digits = self.world.installation.ids.random(8).hex()
        made = PermissionSet(
            id=f"ps-{digits}", account=self.account, instance=self.instance.id, name=name, created=self.world.clock()
        )
        role = Role(
            id=self.world.installation.ids.unique("AROA"),
            account=target,
            path="/aws-reserved/sso.amazonaws.com/",
            name=f"AWSReservedSSO_{name}_{digits}",
            created=self.world.clock(),
            trust='{"Version":"2012-10-17","Statement":[]}',
        )
        provisioned = ProvisionedPermissionSet(
            account=self.account,
            instance=self.instance.id,
            permission_set=made.id,
            target=target,
            role=role.id,
            content_hash=made.content_hash,
            session_seconds=seconds,
            provisioned=self.world.clock(),
        )
        self.add(made, role, provisioned)
        return provisioned

    def assign(
        self, provisioned: ProvisionedPermissionSet, to: IdentityStoreUser | IdentityStoreGroup
    ) -> AccountAssignment:
        kind = PrincipalType.USER if isinstance(to, IdentityStoreUser) else PrincipalType.GROUP
        made = AccountAssignment(
            account=self.account,
            instance=self.instance.id,
            permission_set=provisioned.permission_set,
            target=provisioned.target,
            principal_type=kind,
            principal=to.id,
            created=self.world.clock(),
        )
        self.add(made)
        return made

    def oidc(self, operation: str, **given: Any) -> Given:
        return self.world.unsigned(operation, service="sso-oidc", **given)

    def register(self, *, legacy: bool = False, **given: Any) -> Client:
        """A client, as the AWS CLI registers itself."""
        asks: Given = {"clientName": "botocore-client", "clientType": "public"}
        if not legacy:
            asks |= {
                "grantTypes": ["authorization_code", "refresh_token"],
                "redirectUris": ["http://127.0.0.1/oauth/callback"],
                "issuerUrl": self.instance.start_url,
                "scopes": [SCOPE],
            }
        made = self.oidc("RegisterClient", **(asks | given))
        return Client(id=made["clientId"], secret=made["clientSecret"])

    def browser(self, who: IdentityStoreUser) -> BrowserSession:
        """The session of a browser in which a person has signed in."""
        now = self.world.clock()
        digest = self.world.installation.ids.random(16).hex()
        made = BrowserSession(
            id=self.world.installation.ids.uuid(),
            account=self.account,
            kind=HolderKind.PERSON,
            holder=who.id,
            digest=digest,
            created=now,
            expires=now + timedelta(hours=8),
            password_set=None,
        )
        self.add(made)
        return made

    def device(self, client: Client) -> Given:
        return self.oidc("StartDeviceAuthorization", startUrl=self.instance.start_url, **client.proof)

    def answering(self, user_code: str, browser: BrowserSession, *, approved: bool = True) -> AnswerDevice:
        found = waiting_device(self.world.snapshot, user_code, browser.account, self.world.clock())
        return AnswerDevice(
            device=found.id,
            approved=approved,
            session=browser,
            is_good=lambda snapshot, session: person(snapshot, session.holder) is not None,
            event={},
            now=self.world.clock(),
        )

    def answer(self, user_code: str, browser: BrowserSession, *, approved: bool = True) -> Done:
        change = self.answering(user_code, browser, approved=approved)
        outcome = self.world.installation.execution.write_together([change])[0]
        if not isinstance(outcome, Done):
            raise outcome.problem
        return outcome

    def poll(self, client: Client, device_code: str) -> Given:
        return self.oidc("CreateToken", grantType=DEVICE, deviceCode=device_code, **client.proof)

    def authorize(self, client: Client, **changed: str) -> Mapping[str, str]:
        """The fields of /authorize, as the AWS CLI sends them."""
        return {
            "response_type": "code",
            "client_id": client.id,
            "redirect_uri": REDIRECT,
            "state": "the-state",
            "code_challenge_method": "S256",
            "scopes": SCOPE,
            "code_challenge": CHALLENGE,
        } | changed

    def consent(self, fields: Mapping[str, str], browser: BrowserSession) -> str:
        """Where the browser goes."""
        installation, now = self.world.installation, self.world.clock()
        return asked(fields, installation.keyring, self.world.snapshot, now).given(installation.keyring, browser, now)

    def redeem(self, client: Client, code: str, **changed: str) -> Given:
        given = {"redirectUri": REDIRECT, "codeVerifier": VERIFIER, "code": code} | changed
        return self.oidc("CreateToken", grantType="authorization_code", **client.proof, **given)

    def refresh(self, client: Client, token: str) -> Given:
        return self.oidc("CreateToken", grantType="refresh_token", refreshToken=token, **client.proof)


def request(*tokens: str, query: str = "") -> HttpRequest:
    headers = tuple((BEARER_HEADER, token) for token in tokens)
    return HttpRequest(
        method="GET", path="/assignment/accounts", query=query, headers=headers, body=b"", peer="192.0.2.1", secure=True
    )


class Signed:
    """A person who has signed in with a client."""

    def __init__(self, center: Center, who: IdentityStoreUser, **registered: Any) -> None:
        self.center, self.who = center, who
        self.client = center.register(legacy=True, scopes=["sso:account:access"], **registered)
        asked = center.device(self.client)
        self.browser = center.browser(who)
        center.answer(asked["userCode"], self.browser)
        self.tokens = center.poll(self.client, asked["deviceCode"])

    @property
    def access(self) -> str:
        token: str = self.tokens["accessToken"]
        return token

    def caller(self) -> Bearer:
        world = self.center.world
        return verify(
            request(self.access),
            service="awsssoportal",
            now=world.clock(),
            directory=world.installation.directory,
            keyring=world.installation.keyring,
        )

    def ask(self, operation: str, **given: Any) -> Given:
        return self.center.world.as_caller(self.caller(), operation, service="sso", **given)
