"""What a session token carries."""

from __future__ import annotations

from collections.abc import Mapping

from msgspec import Struct, field


class SessionClaims(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Who a session speaks for, until when, and within what. In a token each claim has the name of one letter.

    INVARIANT: `principal_id` is a unique id (AROA..., AIDA..., account id), never a name: a role deleted and made
    again is another role, and its old sessions are dead. Times are epoch milliseconds.
    """

    kind: str = field(name="k")
    """`assumed-role`, `session-token` (GetSessionToken), `federated-user`, `sign-in` (of a user or root user, by
    `aws login`), by a delegation request `delegated` (of a user or root user) or `delegated-role`, or `assumed-root`:
    then `policy_arns` is the task's policy, to which the root user is held.
    """
    account: str = field(name="a")
    principal_id: str = field(name="p")
    session_name: str = field(default="", name="n")
    issued_ms: int = field(name="i")
    expires_ms: int = field(name="e")
    token_id: str = field(name="j")
    source_identity: str | None = field(default=None, name="s")
    tags: Mapping[str, str] = field(default_factory=dict, name="t")
    transitive_tag_keys: tuple[str, ...] = field(default=(), name="x")
    policies: tuple[str, ...] = field(default=(), name="q")
    """Inline session policy documents."""
    policy_arns: tuple[str, ...] = field(default=(), name="r")
    scope_down: tuple[str, ...] = field(default=(), name="w")
    """Documents, each of which must allow whatever the session does, as GetScopedCredentials added them."""
    mfa_ms: int | None = field(default=None, name="m")
    """When MFA was given in the call that made this session."""
    provider: str | None = field(default=None, name="v")
    """The identity provider that vouched for the caller who made this session (aws:FederatedProvider)."""
    provider_keys: Mapping[str, str | tuple[str, ...]] = field(default_factory=dict, name="f")
    """What the provider said of that caller, as condition keys that the session goes on having."""
    chain_depth: int = field(default=0, name="c")
    """0 for a session made with long-term credentials, 1 for one made by such a session, ..."""
    epoch: str = field(default="", name="o")
    access_key: str = field(default="", name="l")
    """The long-term access key that the first session of its chain was made with; in a chain, it may be the ARN of the
    identity provider that vouched for it. Empty if it was made with none; see `source`."""
    access_key_ms: int = field(default=0, name="u")
    """When that key was used for it, or the provider vouched."""
    person: str = field(default="", name="h")
    """Of a session by single sign-on, the person whose it is: the id of a user of an identity store."""
    begun_by: str = field(default="", name="y")
    """Of a session that was made with one by single sign-on, or with one made with such a one, the person, as
    `person`."""
    on_behalf_of: str = field(default="", name="b")
    """Of an identity-enhanced session, the person on whose behalf it acts, as `person`."""
    audited_store: str = field(default="", name="d")
    """The ARN of that person's identity store, if events alone tell of the person and no policy asks; else empty."""
    administrator: str = field(default="", name="g")
    """Of `assumed-root`, the account whose principal has called AssumeRoot; empty if an older release made it."""

    @property
    def source(self) -> tuple[str, int]:
        """(the id of the long-term access key or the ARN of the identity provider that the session, or the first one
        of its chain, goes back to, and when); ("", 0) if to none.

        A session by single sign-on goes back to a person (`person`): no provider of its account vouches for it.
        """
        if self.access_key or self.provider is None or self.person:
            return self.access_key, self.access_key_ms
        return self.provider, self.issued_ms

    @property
    def inherited_tags(self) -> dict[str, str]:
        """The tags that a session made with this one has, too."""
        return {key: self.tags[key] for key in self.transitive_tag_keys}
