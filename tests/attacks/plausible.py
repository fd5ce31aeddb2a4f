"""Values a service may well take: names that exist, documents that are right, and the edges of what is modelled."""

from __future__ import annotations

import json
import random
from collections import defaultdict, deque
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from botocore.model import ListShape, MapShape, Shape, StructureShape

from tests.attacks.hostile import NASTY
from tests.saml.idp import metadata
from tests.services.iam.made_certificates import made
from tests.services.iam.test_ssh_public_keys import ssh
from tests.wire.samples import TEXTS

LETTERS = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
LONGEST = 70_000
"""No text at its greatest length is longer than this, so that a request fits the frontend."""
KEPT = 30
"""So many values are remembered of a member."""
DEEPEST = 5


def _policy(**members: Any) -> str:
    statement = {"Effect": "Allow", "Action": "s3:GetObject", "Resource": "*"} | members
    return json.dumps({"Version": "2012-10-17", "Statement": [{k: v for k, v in statement.items() if v is not None}]})


DOCUMENTS = (
    _policy(),
    _policy(Effect="Deny", Action="*"),
    _policy(Action=["iam:*", "sts:*"], Condition={"Bool": {"aws:MultiFactorAuthPresent": "true"}}),
    _policy(Resource=None),
    _policy(Effect="Perhaps"),
    _policy(Condition={"NoSuchOperator": {"a": "b"}}),
    "{}",
    "not JSON",
)
TRUST = (
    _policy(Action="sts:AssumeRole", Resource=None, Principal={"AWS": "*"}),
    _policy(Action="sts:AssumeRole", Resource=None, Principal={"Service": "ec2.amazonaws.com"}),
)
_NOW = datetime.now(UTC)
_SERVER = made("server", last=_NOW + timedelta(days=1))
_PATHS = ("/", "/team/")
_SERVICES = ("elasticbeanstalk.amazonaws.com", "autoscaling.amazonaws.com")
GOOD_DOCUMENTS = (*DOCUMENTS[:3], TRUST[0])
_DOCUMENTS = ("Policy", "Document", "PolicyInputList")
USUAL: Mapping[str, Sequence[str]] = {
    **dict.fromkeys(("Path", "PathPrefix", "NewPath"), _PATHS),
    "AssumeRolePolicyDocument": TRUST,
    **dict.fromkeys(("Password", "NewPassword", "OldPassword"), ("Long-Enough-1!", "Longer-Still-22?")),
    "Url": ("https://issuer.example.com", "https://b.example.com/path"),
    "ThumbprintList": ("a" * 40, "0123456789" * 4),
    "SAMLMetadataDocument": (metadata(),),
    "SSHPublicKeyBody": (ssh(2048),),
    "CertificateBody": (_SERVER.pem,),
    "PrivateKey": (_SERVER.private(),),
    "CertificateChain": (_SERVER.pem,),
    "AWSServiceName": _SERVICES,
    "ServiceName": ("codecommit.amazonaws.com", "cassandra.amazonaws.com"),
    "ServiceNamespace": ("iam", "s3"),
    "ServiceNamespaces": ("iam", "s3"),
    "ActionNames": ("s3:GetObject", "iam:CreateUser", "iam:*"),
    "VersionId": ("v1", "v2", "v3"),
    "SourceIdentity": ("someone",),
    "EmailAddress": ("someone@example.com",),
    "PhoneNumber": ("+1 555 0100",),
    "CountryCode": ("US", "DE"),
    "PostalCode": ("12345",),
    "Audience": ("https://example.com",),
    "SigningAlgorithm": ("RS256", "ES384"),
}
"""Values of members whose texts have a form of their own."""
NAMES = ("one", "two", "three")
"""Of most things that are made: so few that what one request makes, others find."""
ARNS = {
    "PolicyArn": ("policy",),
    "PermissionsBoundary": ("policy",),
    "PolicyArns": ("policy",),
    "RoleArn": ("role",),
    "SerialNumber": ("mfa",),
    "SAMLProviderArn": ("saml-provider",),
    "OpenIDConnectProviderArn": ("oidc-provider",),
    "PolicySourceArn": ("user", "group", "role"),
    "ResourceARNList": ("role", "policy", "instance-profile", "saml-provider"),
}
"""The kinds of resource that a member takes; others take any ARN."""


class Values:
    """Values for shapes, from a generator of chance and from what the service has answered so far."""

    def __init__(self, chance: random.Random) -> None:
        self.chance = chance
        self.tame = False
        """Whether no value is hostile, or at the edge of what the model allows."""
        self._optional = 0.25
        self._seen: dict[str, deque[str]] = defaultdict(lambda: deque(maxlen=KEPT))

    def learn(self, answer: Any, name: str = "") -> None:
        """Remember the texts of an answer, by the member that holds them; ARNs also as such."""
        match answer:
            case Mapping():
                for member, value in answer.items():
                    self.learn(value, str(member))
            case list():
                for item in answer:
                    self.learn(item, name)
            case str() if 0 < len(answer) <= LONGEST:
                self._remember(name, answer)
                self._remember(name.removesuffix("s"), answer)
                if answer.startswith("arn:"):
                    self._remember("arn", answer)
                    self._remember(_kind(answer), answer)

    def _remember(self, name: str, text: str) -> None:
        seen = self._seen[name]
        if text not in seen:
            seen.append(text)

    def structure(self, shape: StructureShape, depth: int = 0) -> dict[str, Any]:
        """Mostly every required member, and none, some or most of the others."""
        given = {}
        if depth == 0:
            self._optional = self.chance.choice((0.0, 0.25, 0.6))
        for name, member in shape.members.items():
            likely = self._optional if depth < DEEPEST else 0.0
            if name in shape.required_members:
                likely = 1.0 if self.tame else 0.98
            if self.chance.random() < likely:
                given[name] = self.value(member, name, depth + 1)
        return given

    def value(self, shape: Shape, name: str, depth: int = 0) -> Any:
        """Now and then hostile or of another type, otherwise of the shape."""
        if not self.tame and self.chance.random() < 0.04:
            return self.chance.choice((*NASTY, [], {}, ["a", "b"], {"a": "b"}, None, True, 0))
        match shape:
            case StructureShape():
                return self.structure(shape, depth)
            case ListShape():
                return [self.value(shape.member, name, depth + 1) for _ in range(self._count(shape))]
            case MapShape():
                pairs = range(self._count(shape))
                return {self._text(shape.key, name): self.value(shape.value, name, depth + 1) for _ in pairs}
            case _:
                return self._scalar(shape, name)

    def _count(self, shape: Shape) -> int:
        if self.tame:
            return self.chance.randint(1, 2)
        most = shape.metadata.get("max", 3)
        return self.chance.choice((0, 1, 1, 2, 3, min(most, 60), min(most + 1, 60)))

    def _scalar(self, shape: Shape, name: str) -> Any:
        match shape.type_name:
            case "string" | "character":
                return self._text(shape, name)
            case "integer" | "long":
                if self.tame and not shape.metadata:
                    return self.chance.randint(1, 100)
                low, high = shape.metadata.get("min", 0), shape.metadata.get("max", 1000)
                return self.chance.choice(
                    (low, high)
                    if self.tame
                    else (low, high, low - 1, high + 1, self.chance.randint(low, max(low, high)))
                )
            case "boolean":
                return self.chance.random() < 0.5
            case "float" | "double":
                return self.chance.uniform(-1000, 1000)
            case "blob":
                return self.chance.randbytes(self.chance.randint(0, 30))
            case "timestamp":
                return datetime(1970, 1, 1, tzinfo=UTC) + timedelta(seconds=self.chance.randint(-(10**9), 6 * 10**9))
            case other:
                raise NotImplementedError(other)

    def _text(self, shape: Shape, name: str) -> str:
        chance = self.chance.random()
        if options := shape.metadata.get("enum"):
            return str(self.chance.choice(options)) if chance < 0.9 else self.chance.choice(TEXTS)
        if chance < 0.8 and (usual := self._usual(shape, name)):
            return self.chance.choice(usual)
        if chance < (0.95 if self.tame else 0.8) and (known := self._known(name)):
            return known
        if self.tame or chance < 0.85:
            return self._made_up(shape, self.chance.randint(1, 12))
        if chance < 0.93:
            return self._made_up(shape, self.chance.choice(_edges(shape)))
        return self.chance.choice(TEXTS)

    def _usual(self, shape: Shape, name: str) -> Sequence[str]:
        """Texts that make sense for a member of this name; empty if only what was answered does."""
        if name in USUAL:
            return USUAL[name]
        if name.endswith(_DOCUMENTS):
            return GOOD_DOCUMENTS if self.tame else DOCUMENTS
        if name.endswith(("Name", "Alias")) and shape.metadata.get("min", 0) <= len(NAMES[0]):
            return NAMES
        return ()

    def _known(self, name: str) -> str | None:
        """A value that an answer gave for a member of this name, or any ARN for what takes an ARN."""
        if name in ARNS:
            name = f"arn:{self.chance.choice(ARNS[name])}"
        elif name.lower().endswith(("arn", "arns")):
            name = "arn"
        seen = self._seen.get(name)
        return self.chance.choice(seen) if seen else None

    def _made_up(self, shape: Shape, length: int) -> str:
        least = shape.metadata.get("min", 0)
        return "".join(self.chance.choices(LETTERS, k=max(length, least if least <= 100 else length)))


def _kind(arn: str) -> str:
    """`arn:` and the type of the resource."""
    return f"arn:{arn.split(':')[-1].partition('/')[0]}"


def _edges(shape: Shape) -> tuple[int, ...]:
    """Lengths at the edges of what the model allows."""
    least, most = shape.metadata.get("min", 0), min(shape.metadata.get("max", 200), LONGEST)
    return (max(least - 1, 0), least, most, most + 1)
