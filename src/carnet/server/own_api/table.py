"""All endpoints of Carnet's own API, in the order of `docs/http-api.md`."""

from __future__ import annotations

from carnet.server.own_api import accounts, observation, workloads
from carnet.server.own_api.endpoint import Endpoint

ENDPOINTS: tuple[Endpoint, ...] = (*accounts.ENDPOINTS, *observation.ENDPOINTS, *workloads.ENDPOINTS)
