"""The targets of the operations on applications and trusted token issuers.

https://docs.aws.amazon.com/service-authorization/latest/reference/list_awsiamidentitycenter.html
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from carnet.access.authorize import Check
from carnet.base.faults import Missing
from carnet.entities.sso_application import SsoApplication
from carnet.entities.trusted_token_issuer import TrustedTokenIssuer
from carnet.services.operation import Call
from carnet.services.request_tags import request_tags
from carnet.services.sso_admin import sentences, targets
from carnet.services.sso_admin.callers import Held, administrator, held
from carnet.services.sso_admin.service import sso_admin
from carnet.services.target import AnyTarget, Keys, Target

PROVIDERS = "arn:{partition}:sso::aws:applicationProvider/"
_ACCOUNT = "sso:ApplicationAccount"


def application(call: Call, given: Any) -> Target[Held, SsoApplication]:
    """The application ApplicationArn."""
    return _in_instance(call, given["ApplicationArn"], SsoApplication)


def issuer(call: Call, given: Any) -> Target[Held, TrustedTokenIssuer]:
    """The trusted token issuer TrustedTokenIssuerArn."""
    return _in_instance(call, given["TrustedTokenIssuerArn"], TrustedTokenIssuer)


def _in_instance(call: Call, arn: str, kind: type[Any]) -> Target[Any, Any]:
    """The entity of an ARN, of a kind whose ARNs name their instance."""
    holder = _holder(call, arn)
    if holder is None:
        return Target(arn=arn, account=call.account, found=sentences.not_reached())
    found = holder.view.of(kind).get(arn.rpartition("/")[2])
    if found is None or found.arn != arn:
        return Target(arn=arn, account=call.account, found=Missing(f"Could not find {arn}"))
    return Target(arn=arn, account=call.account, found=(holder, found), tags=found.tags)


def _holder(call: Call, arn: str) -> Held | None:
    """The instance of an ARN `...:application/ssoins-.../apl-...`, if the caller's account administers it."""
    return held(call, f"arn:{call.partition}:sso:::instance/{arn.split('/')[1]}", administrator)


def new_application(call: Call, given: Any) -> Target[Held]:
    """The application to create, which has no id yet."""
    return _new(call, given, call.account, "application")


def new_issuer(call: Call, given: Any) -> Target[Held]:
    """The issuer to create, which belongs to the account that owns the instance."""
    return _new(call, given, call.account, "trustedTokenIssuer")


def _new(call: Call, given: Any, account: str, kind: str) -> Target[Held]:
    target = targets.instance(call, given)
    instance = given["InstanceArn"].rpartition("/")[2]
    arn = f"arn:{call.partition}:sso::{account}:{kind}/{instance}/*"
    return Target(arn=arn, account=call.account, found=target.found)


def provider(call: Call, given: Any) -> Target[()]:
    """The application provider ApplicationProviderArn, or all of them: AWS's own, which every account sees."""
    arn = given.get("ApplicationProviderArn", PROVIDERS.format(partition=call.partition) + "*")
    return Target(arn=arn, account=call.account, found=())


def and_provider(call: Call, given: Any, target: AnyTarget, keys: Keys) -> Iterator[Check]:
    """For `also=` of CreateApplication: the same permission on the provider."""
    yield provider(call, given).check("sso:CreateApplication", request_tags(call, given, target))


def and_its_instance(operation: str) -> Any:
    """For `also=` of a creation: the same permission on the instance InstanceArn."""

    def also(call: Call, given: Any, target: AnyTarget, keys: Keys) -> Iterator[Check]:
        of_instance = {key: value for key, value in keys.items() if key != _ACCOUNT}
        yield targets.instance(call, given).check(f"{sso_admin.action_prefix}:{operation}", of_instance)

    return also


def new_application_keys(call: Call, given: Any, target: AnyTarget) -> Keys:
    """For `context=` of CreateApplication."""
    return {**targets.primary_region(call, given, target), _ACCOUNT: call.account}


def keys_in_instance(call: Call, given: Any, target: AnyTarget) -> Keys:
    """For `context=`: sso:PrimaryRegion, and of an application its account."""
    holder = _holder(call, target.arn)
    keys: dict[str, str] = {} if holder is None else {"sso:PrimaryRegion": holder.instance.region}
    if ":application/" in target.arn:
        keys[_ACCOUNT] = target.arn.split(":")[4]
    return keys


def filtered_account(call: Call, given: Any, target: AnyTarget) -> Keys:
    """For `context=` of a list: the account of the requested application."""
    arn = given.get("Filter", {}).get("ApplicationArn")
    return {} if arn is None else {_ACCOUNT: arn.split(":")[4]}
