"""The identity context of a session: on behalf of which person of IAM Identity Center it acts.

https://docs.aws.amazon.com/singlesignon/latest/userguide/trustedidentitypropagation-identity-enhanced-iam-role-sessions.html
https://docs.aws.amazon.com/singlesignon/latest/userguide/condition-context-keys-sts-idc.html
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from carnet.base.arns import iam_arn
from carnet.directory.identity_center import instance_called
from carnet.directory.snapshot import Snapshot
from carnet.entities.identity_center_instance import Instance
from carnet.entities.managed_policy import AWS_ACCOUNT
from carnet.entities.oauth_session import OAuthSession
from carnet.identity.oauth_tokens import IdentityContext, person_of, session_of

USER_ID, IDENTITY_STORE_ARN = "identitystore:UserId", "identitystore:IdentityStoreArn"


class Asserted(NamedTuple):
    """What a context assertion says."""

    user: str
    """The id of a user of an identity store."""
    session_keys: Mapping[str, str]
    """The condition keys that a role session has which is made with it."""
    audited_store: str
    """The ARN of the person's identity store, if events alone tell of the person; else empty."""
    request_keys: Mapping[str, str]
    """What AssumeRole itself can be asked of: those, and which application brings the assertion, of which instance."""


def context_provider(partition: str) -> str:
    """The ARN of the context provider that IAM Identity Center is."""
    return iam_arn(partition, AWS_ACCOUNT, "contextProvider/IdentityCenter")


def user_keys(instance: Instance, user: str) -> dict[str, str]:
    """The condition keys that tell of a person: `user` is the id."""
    return {USER_ID: user, IDENTITY_STORE_ARN: instance.identity_store_arn}


def context_of(session: OAuthSession, until_ms: int, epoch: str, *, for_audit: bool = False) -> IdentityContext:
    """The assertion that goes with the tokens of a session, as long as they are good."""
    return IdentityContext(
        account=session.account, session=session.id, expires_ms=until_ms, epoch=epoch, for_audit=for_audit
    )


def asserted(snapshot: Snapshot, context: IdentityContext) -> Asserted | None:
    """What an assertion says at a revision; whether its time is over, is not looked at.

    None if the session that it came from has ended, or its person may not use the application any more.
    """
    session = session_of(snapshot, context.account, context.session) if context.epoch == snapshot.epoch else None
    if session is None or session.revoked or person_of(snapshot, session) is None:
        return None
    instance = instance_called(snapshot, session.instance)
    if instance is None:
        return None
    of_user = user_keys(instance, session.holder)
    of_application = {
        "identitycenter:ApplicationArn": session.client,
        "identitycenter:CredentialId": session.id,
        "identitycenter:InstanceArn": instance.arn,
    }
    if context.for_audit:
        return Asserted(session.holder, {}, instance.identity_store_arn, of_user | of_application)
    return Asserted(session.holder, of_user, "", of_user | of_application)
