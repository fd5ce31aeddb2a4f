"""All endpoints of Carnet's own API, in the order of `docs/http-api.md`."""

from __future__ import annotations

from carnet.server.own_api import (
    accounts,
    delegation,
    gateway,
    identity_center,
    identity_source,
    observation,
    people,
    root_passwords,
    saml_applications,
    scim,
    workloads,
)
from carnet.server.own_api.endpoint import Endpoint

ENDPOINTS: tuple[Endpoint, ...] = (
    *accounts.ENDPOINTS,
    *root_passwords.ENDPOINTS,
    *observation.ENDPOINTS,
    *workloads.ENDPOINTS,
    *delegation.ENDPOINTS,
    *gateway.ENDPOINTS,
    *identity_center.ENDPOINTS,
    *identity_source.ENDPOINTS,
    *saml_applications.ENDPOINTS,
    *people.ENDPOINTS,
    *scim.ENDPOINTS,
)
