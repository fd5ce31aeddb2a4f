"""Every service that this server offers, with all of its operations registered."""

from __future__ import annotations

from collections.abc import Mapping

from carnet.services.iam import (
    access_keys,
    account,
    account_details,
    attached_policies,
    boundaries,
    groups,
    inline_policies,
    instance_profiles,
    login_profiles,
    managed_policies,
    memberships,
    mfa_devices,
    policy_versions,
    roles,
    service_specific_credentials,
    signing_certificates,
    ssh_public_keys,
    tags,
    users,
)
from carnet.services.iam.service import iam
from carnet.services.operation import Service
from carnet.services.sts import access_key_info, assume_role, caller_identity, get_session_token
from carnet.services.sts.service import sts

_MODULES = (
    access_key_info,
    access_keys,
    account,
    account_details,
    assume_role,
    attached_policies,
    boundaries,
    caller_identity,
    get_session_token,
    groups,
    inline_policies,
    instance_profiles,
    login_profiles,
    managed_policies,
    memberships,
    mfa_devices,
    policy_versions,
    roles,
    service_specific_credentials,
    signing_certificates,
    ssh_public_keys,
    tags,
    users,
)
"""The modules that register operations when they are imported."""

SERVICES: Mapping[str, Service] = {service.name: service for service in (iam, sts)}
