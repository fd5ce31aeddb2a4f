"""The names that IAM's families of operations have for each kind of entity, spelled out so that a search finds them."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Family:
    """What changes the policies of a user, a group or a role."""

    member: str
    put: str
    delete: str
    attach: str
    detach: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Tagging:
    """What changes the tags of an entity that `member` names."""

    member: str
    tag: str
    untag: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Bounding:
    """What changes the permissions boundary of a user or a role."""

    member: str
    put: str
    delete: str


USER = Family(
    member="UserName",
    put="PutUserPolicy",
    delete="DeleteUserPolicy",
    attach="AttachUserPolicy",
    detach="DetachUserPolicy",
)
GROUP = Family(
    member="GroupName",
    put="PutGroupPolicy",
    delete="DeleteGroupPolicy",
    attach="AttachGroupPolicy",
    detach="DetachGroupPolicy",
)
ROLE = Family(
    member="RoleName",
    put="PutRolePolicy",
    delete="DeleteRolePolicy",
    attach="AttachRolePolicy",
    detach="DetachRolePolicy",
)
USER_TAGS = Tagging(member="UserName", tag="TagUser", untag="UntagUser")
ROLE_TAGS = Tagging(member="RoleName", tag="TagRole", untag="UntagRole")
POLICY_TAGS = Tagging(member="PolicyArn", tag="TagPolicy", untag="UntagPolicy")
PROFILE_TAGS = Tagging(member="InstanceProfileName", tag="TagInstanceProfile", untag="UntagInstanceProfile")
OIDC_TAGS = Tagging(
    member="OpenIDConnectProviderArn", tag="TagOpenIDConnectProvider", untag="UntagOpenIDConnectProvider"
)
SAML_TAGS = Tagging(member="SAMLProviderArn", tag="TagSAMLProvider", untag="UntagSAMLProvider")
USER_BOUNDARY = Bounding(member="UserName", put="PutUserPermissionsBoundary", delete="DeleteUserPermissionsBoundary")
ROLE_BOUNDARY = Bounding(member="RoleName", put="PutRolePermissionsBoundary", delete="DeleteRolePermissionsBoundary")
