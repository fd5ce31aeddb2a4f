"""The condition keys of operations of identity stores, except for identitystore:PrimaryRegion.

https://docs.aws.amazon.com/service-authorization/latest/reference/list_awsidentitystore.html
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from carnet.base.faults import Fault
from carnet.entities.identity_store_group import IdentityStoreGroup
from carnet.entities.identity_store_user import IdentityStoreUser
from carnet.services.operation import Call
from carnet.services.target import AnyTarget, Keys


def _issuers(key: str, kind: type[IdentityStoreUser | IdentityStoreGroup]) -> Callable[[Call, Any, AnyTarget], Keys]:
    def adds(call: Call, given: Any, target: AnyTarget) -> Keys:
        found = () if isinstance(target.found, Fault) else target.found
        issuers = tuple(issuer for each in found if isinstance(each, kind) for issuer in each.external_ids)
        return {key: issuers} if issuers else {}

    return adds


user_issuers = _issuers("identitystore:UserExternalIdIssuers", IdentityStoreUser)
group_issuers = _issuers("identitystore:GroupExternalIdIssuers", IdentityStoreGroup)


def vpce_access_required(call: Call, given: Any, target: AnyTarget) -> Keys:
    """identitystore:VpceAccessRequired: what UpdateIdentityStore sets."""
    configuration = given.get("NetworkConfiguration")
    if configuration is None:
        return {}
    return {"identitystore:VpceAccessRequired": str(configuration["VpceAccessRequired"]).lower()}
