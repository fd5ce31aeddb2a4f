"""Tag, Untag and List...Tags of users, roles, managed policies, instance profiles, MFA devices, identity providers and
server certificates.

https://docs.aws.amazon.com/IAM/latest/APIReference/API_TagUser.html
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from carnet.base.faults import Refused
from carnet.entities.instance_profile import InstanceProfile
from carnet.entities.managed_policy import ManagedPolicy
from carnet.entities.mfa_device import MfaDevice
from carnet.entities.oidc_provider import OidcProvider
from carnet.entities.role import Role
from carnet.entities.saml_provider import SamlProvider
from carnet.entities.server_certificate import ServerCertificate
from carnet.entities.user import User
from carnet.services.iam import mfa_targets, sentences, targets
from carnet.services.iam.kinds import (
    INSTANCE_PROFILES,
    MFA_DEVICES,
    OIDC_PROVIDERS,
    POLICIES,
    ROLES,
    SAML_PROVIDERS,
    SERVER_CERTIFICATES,
    USERS,
    E,
    Kind,
)
from carnet.services.iam.service import iam
from carnet.services.iam.tagging import check_characters, with_tags, without_tags
from carnet.services.operation import Answer, Call, Names, WriteCall
from carnet.services.paging import page, sort_token
from carnet.services.request_tags import removed_tag_keys, request_tags
from carnet.services.tagged_kinds import TaggedKind, offer_tagging

_ARN_MEMBERS = ("OpenIDConnectProviderArn", "PolicyArn", "SAMLProviderArn", "SerialNumber")
"""Those by which an entity is named with its ARN."""


def _tag_family(
    kind: Kind[E], entity_type: type[E], *, tag: str, untag: str, listed: bool = True, empty: bool = True
) -> None:
    """Register the operations of these names that change the tags of one kind of entity.

    They also change them for those who tag resources of every service, who are told of such resources if `listed`.
    An `empty` list changes nothing, or is refused, as was recorded from AWS.
    """

    @iam.write(tag, on=kind.target, context=(request_tags,))
    def tag_entity(call: WriteCall, given: Any, entity: E) -> Answer:
        """Set tags; one with the same key is replaced."""
        if not (empty or given["Tags"]):
            raise Refused("InvalidInput", sentences.TAGS_EMPTY)
        kind.save(call, entity, replace(entity, tags=with_tags(call, kind, entity.tags, given["Tags"])))
        return {}

    @iam.write(untag, on=kind.target, context=(removed_tag_keys,))
    def untag_entity(call: WriteCall, given: Any, entity: E) -> Answer:
        """Remove the tags of these keys; unknown keys are ignored."""
        if not (empty or given["TagKeys"]):
            raise Refused("InvalidInput", sentences.TAG_KEYS_EMPTY)
        kind.save(call, entity, replace(entity, tags=without_tags(kind, entity.tags, given["TagKeys"])))
        return {}

    offer_tagging(
        TaggedKind(
            service=iam,
            entity=entity_type,
            tag=iam.operations[tag],
            untag=iam.operations[untag],
            naming=lambda entity: {kind.member: entity.arn if kind.member in _ARN_MEMBERS else entity.name},
            check=check_characters,
            key_in=kind.key_in,
            listed=listed,
        )
    )


def _list_tags(target: Names[E], list_tags: str) -> None:
    """Register the operation of this name that lists the tags of one kind of entity."""

    @iam.read(list_tags, on=target)
    def list_entity_tags(call: Call, given: Any, entity: E) -> Answer:
        """The tags, sorted by key; AWS's own policies have none."""
        keys = sorted(entity.tags, key=sort_token)
        tags = page(call.paging, list_tags, keys, given, key=str)
        return tags.answer("Tags", lambda key: {"Key": key, "Value": entity.tags[key]})


_tag_family(USERS, User, tag="TagUser", untag="UntagUser", listed=False, empty=False)
_tag_family(ROLES, Role, tag="TagRole", untag="UntagRole", listed=False)
_tag_family(POLICIES, ManagedPolicy, tag="TagPolicy", untag="UntagPolicy")
_tag_family(INSTANCE_PROFILES, InstanceProfile, tag="TagInstanceProfile", untag="UntagInstanceProfile")
_tag_family(MFA_DEVICES, MfaDevice, tag="TagMFADevice", untag="UntagMFADevice")
_tag_family(SAML_PROVIDERS, SamlProvider, tag="TagSAMLProvider", untag="UntagSAMLProvider", empty=False)
_tag_family(SERVER_CERTIFICATES, ServerCertificate, tag="TagServerCertificate", untag="UntagServerCertificate")
_tag_family(
    OIDC_PROVIDERS, OidcProvider, tag="TagOpenIDConnectProvider", untag="UntagOpenIDConnectProvider", empty=False
)
_list_tags(targets.user, "ListUserTags")
_list_tags(targets.role, "ListRoleTags")
_list_tags(targets.policy, "ListPolicyTags")
_list_tags(targets.instance_profile, "ListInstanceProfileTags")
_list_tags(mfa_targets.device, "ListMFADeviceTags")
_list_tags(targets.saml_provider, "ListSAMLProviderTags")
_list_tags(targets.server_certificate, "ListServerCertificateTags")
_list_tags(targets.oidc_provider, "ListOpenIDConnectProviderTags")
