"""The input of the steps of a sign-in, as JSON: `{"step": "password", ...}`."""

from __future__ import annotations

from typing import Annotated, Any

import msgspec
from msgspec import Meta, Struct

from carnet.console.flow import LONGEST_FLOW
from carnet.console.navigation import local_target
from carnet.entities.browser_session import HolderKind
from carnet.entities.password_policy import LONGEST_PASSWORD
from carnet.server.own_api.problems import Problem

LONGEST_RESPONSE = 60_000
Password = Annotated[str, Meta(max_length=LONGEST_PASSWORD)]
Code = Annotated[str, Meta(max_length=16)]
FlowText = Annotated[str, Meta(max_length=LONGEST_FLOW)]


class Step(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, rename="camel", tag_field="step"):
    """The base of all steps."""


class GivePassword(Step, frozen=True, kw_only=True, tag="password"):
    """The first step."""

    kind: HolderKind
    account: Annotated[str, Meta(max_length=64)] = ""
    """The id or the alias of an account; of a root user only if its address has several. Of a person, the id of the
    identity store, if there are several."""
    name: Annotated[str, Meta(max_length=256)]
    """A user name; of a root user its email address."""
    password: Password


class FlowStep(Step, frozen=True, kw_only=True):
    """The base of all steps after the first."""

    flow: FlowText
    """What the step before has answered."""


class GiveCode(FlowStep, frozen=True, kw_only=True, tag="code"):
    """A one-time code."""

    code: Code
    device: Annotated[str, Meta(max_length=64)] | None = None
    """The id of the device that it is of; None if there is but one."""


class GivePasskey(FlowStep, frozen=True, kw_only=True, tag="passkey"):
    """What a passkey has signed: `PublicKeyCredential.toJSON()`."""

    credential: dict[str, Any]


class SetPassword(FlowStep, frozen=True, kw_only=True, tag="new-password"):
    """Set a new password, if the holder has to."""

    password: Password


class BeginApp(FlowStep, frozen=True, kw_only=True, tag="enrol-app"):
    """Begin to add an authenticator app as the first MFA device."""


class GiveCodes(FlowStep, frozen=True, kw_only=True, tag="enrol-codes"):
    """Two consecutive codes of that app."""

    codes: tuple[Code, Code]


class BeginPasskey(FlowStep, frozen=True, kw_only=True, tag="enrol-passkey"):
    """Begin to add a passkey."""


class GiveNewPasskey(FlowStep, frozen=True, kw_only=True, tag="new-passkey"):
    """The passkey that the browser has made: `PublicKeyCredential.toJSON()`."""

    credential: dict[str, Any]


class UseInvitation(Step, frozen=True, kw_only=True, tag="invited"):
    """A person sets a password by a link."""

    token: Annotated[str, Meta(max_length=128)]
    password: Password


class LeaveForProvider(Step, frozen=True, kw_only=True, tag="identity-provider"):
    """A person signs in with the external identity provider of an identity store."""

    account: Annotated[str, Meta(max_length=64)]
    """The id of the identity store."""
    to: Annotated[str, Meta(max_length=2048)] = ""
    """Where to go when the person has signed in."""


class UseAssertion(Step, frozen=True, kw_only=True, tag="assertion"):
    """The response of the identity provider."""

    response: Annotated[str, Meta(max_length=LONGEST_RESPONSE)]
    """SAMLResponse, in base64."""
    relay_state: Annotated[str, Meta(max_length=1024)] = ""


class GoOn(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Show pages to another holder who has signed in in this browser."""

    to: Annotated[str, Meta(max_length=2048)] = ""
    """Where to go then."""


LaterStep = GiveCode | GivePasskey | SetPassword | BeginApp | GiveCodes | BeginPasskey | GiveNewPasskey
SignInStep = GivePassword | LaterStep | UseInvitation | LeaveForProvider | UseAssertion
_GOING_ON: msgspec.json.Decoder[GoOn] = msgspec.json.Decoder(GoOn)
_STEPS: msgspec.json.Decoder[SignInStep] = msgspec.json.Decoder(SignInStep)


def read_step(body: bytes) -> SignInStep:
    """The step in a body. Raises Problem."""
    try:
        return _STEPS.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        # The answer does not say what is wrong: it could repeat what somebody has typed.
        raise Problem(400, "InvalidRequest", "This is no step of a sign-in.") from None


def read_target(body: bytes) -> str:
    """The page of this origin where a browser goes on. Raises Problem."""
    try:
        return local_target(_GOING_ON.decode(body).to)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        raise Problem(400, "InvalidRequest", "This names no page.") from None
