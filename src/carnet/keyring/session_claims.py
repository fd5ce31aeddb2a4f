"""What a session token carries."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True, kw_only=True)
class SessionClaims:
    """Who a session speaks for, until when, and within what.

    INVARIANT: `principal_id` is a unique id (AROA..., AIDA..., account id), never a name: a role deleted and made
    again is another role, and its old sessions are dead. Times are epoch milliseconds.
    """

    kind: str
    """`assumed-role`, `session-token` (GetSessionToken), `federated-user`, `delegated` or `sign-in` (of a user or root
    user, by `aws login`), or `assumed-root`: then `policy_arns` is the task's policy, to which the root user is held.
    """
    account: str
    principal_id: str
    session_name: str = ""
    issued_ms: int
    expires_ms: int
    token_id: str
    source_identity: str | None = None
    tags: Mapping[str, str] = field(default_factory=dict[str, str])
    transitive_tag_keys: tuple[str, ...] = ()
    policies: tuple[str, ...] = ()
    """Inline session policy documents."""
    policy_arns: tuple[str, ...] = ()
    scope_down: tuple[str, ...] = ()
    """Documents, each of which must allow whatever the session does, as GetScopedCredentials added them."""
    mfa_ms: int | None = None
    """When MFA was given in the call that made this session."""
    provider: str | None = None
    """The identity provider that vouched for the caller who made this session (aws:FederatedProvider)."""
    provider_keys: Mapping[str, str | tuple[str, ...]] = field(default_factory=dict[str, str | tuple[str, ...]])
    """What the provider said of that caller, as condition keys that the session goes on having."""
    chain_depth: int = 0
    """0 for a session made with long-term credentials, 1 for one made by such a session, ..."""
    epoch: str = ""
    access_key: str = ""
    """The long-term access key that the session, or the first one of its chain, was made with; empty if by none."""
    access_key_ms: int = 0
    """When that key was used for it."""
    person: str = ""
    """Of a session by single sign-on, the person whose it is: the id of a user of an identity store."""
    on_behalf_of: str = ""
    """Of an identity-enhanced session, the person on whose behalf it acts, as `person`."""

    @property
    def inherited_tags(self) -> dict[str, str]:
        """The tags that a session made with this one has, too."""
        return {key: self.tags[key] for key in self.transitive_tag_keys}
