"""StartDeviceAuthorization: a device asks for access, and shows a code that a person types in a browser.

https://docs.aws.amazon.com/singlesignon/latest/OIDCAPIReference/API_StartDeviceAuthorization.html
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, cast

from carnet.base.faults import AlreadyExists
from carnet.entities.device_authorization import (
    ASKING,
    POLL_SECONDS,
    USER_CODE_LENGTH,
    DeviceAuthorization,
    user_code_digest,
    user_code_of,
)
from carnet.identity.authenticate import Authenticate
from carnet.identity.networks import network_of
from carnet.identity.oauth_tokens import DeviceCode, Registration, digest, sealed
from carnet.services.operation import AnonymousCall, AnonymousWriteCall, Answer, anybody
from carnet.services.preparing import Pool, Preparation
from carnet.services.sso_oidc import refusals
from carnet.services.sso_oidc.clients import DEVICE, client_of, scopes_of
from carnet.services.sso_oidc.service import sso_oidc
from carnet.services.sso_oidc.start_url import instance_at

MOST_OF_NETWORK = 50
"""Devices of one network that may wait for an answer at once."""
MOST = 2_000
"""Devices of an instance. INVARIANT: strangers cannot fill the store."""

CHECKED = Pool(name="sso-oidc", size=16, waiting=1000, seconds=5)
"""For what is looked at before a change takes its turn: it waits for nothing."""


async def _refuse_early(call: AnonymousCall, given: Mapping[str, Any]) -> None:
    _admit_request(call, given)


@sso_oidc.write(
    "StartDeviceAuthorization",
    on=anybody,
    authenticate=Authenticate.ANONYMOUS,
    prepare=Preparation(pool=CHECKED, work=_refuse_early),
)
def start_device_authorization(call: AnonymousWriteCall, given: Mapping[str, Any]) -> Answer:
    """Keep the request for ten minutes, and issue the two codes."""
    client, instance, network = _admit_request(call, given)
    code = user_code_of(call.parts.ids.random(USER_CODE_LENGTH))
    device = DeviceAuthorization(
        id=call.parts.ids.uuid(),
        account=instance.account,
        instance=instance.id,
        user_code=cast("str", user_code_digest(code)),
        client=digest(given["clientId"]),
        client_name=client.name,
        scopes=scopes_of(client),
        network=network,
        address=_text(call, "aws:SourceIp"),
        user_agent=_text(call, "aws:UserAgent"),
        created=call.now,
        expires=call.now + ASKING,
    )
    try:
        call.store.add(device)
    except AlreadyExists as taken:  # another device has the code: one chance in 25,000,000,000
        raise refusals.slow_down() from taken
    page = f"{call.parts.public_url}/device"
    return {
        "deviceCode": sealed(call.parts.keyring, DeviceCode(account=device.account, device=device.id)).text,
        "userCode": code,
        "verificationUri": page,
        "verificationUriComplete": f"{page}?user_code={code}",
        "expiresIn": int(ASKING.total_seconds()),
        "interval": POLL_SECONDS,
    }


def _admit_request(call: AnonymousCall, given: Mapping[str, Any]) -> tuple[Registration, Any, str]:
    """The client, its instance, and the network of the request. Raises Refused if no more devices may ask."""
    client = client_of(call, given)
    if client.grant_types and DEVICE not in client.grant_types:
        raise refusals.unauthorized_client()
    instance = instance_at(call.snapshot, given["startUrl"])
    if instance is None or client.instance not in ("", instance.id):
        raise refusals.invalid_request("Invalid start url provided")
    network = network_of(_text(call, "aws:SourceIp"))
    asking = call.snapshot.accounts[instance.account].of(DeviceAuthorization)
    if len(asking) >= MOST or len(asking.referring("network", network)) >= MOST_OF_NETWORK:
        raise refusals.slow_down()
    return client, instance, network


def _text(call: AnonymousCall, key: str) -> str:
    return str(call.context.request.get(key, ""))
