"""The parts of the server that the gateway to Amazon S3 uses, and how it verifies signatures."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial

from msgspec import Struct

from carnet.audit.steps import Arrived
from carnet.base.clock import Clock
from carnet.base.ids import Ids
from carnet.entities.new_buckets import NewBuckets
from carnet.gateway.s3.arriving import SIGNING_NAME
from carnet.gateway.s3.faults import of_form, of_signature
from carnet.identity.auth_failure import AuthFailure
from carnet.server.limits import BodyBudget
from carnet.server.signed_callers import SignedCallers
from carnet.server.writer import Writer
from carnet.services.execution import Execution
from carnet.services.preparing import Pools
from carnet.sigv4.verify import SignedHead, verify_form, verify_head


class StreamingParts(Struct, frozen=True, kw_only=True):
    """The parts of the server that the gateway uses."""

    clock: Clock
    ids: Ids
    partition: str
    bodies: BodyBudget
    writer: Writer
    pools: Pools
    check_room: Callable[[], None]
    """Raises Unavailable if a change could soon not be recorded. INVARIANT: then no upstream is asked to make one."""
    new_buckets: NewBuckets = NewBuckets.CURRENT
    domains: tuple[str, ...] = ()
    """Names of this server below which every name is a bucket's."""


def signed_by(
    execution: Execution, signed: SignedCallers, arrived: Arrived, form: Mapping[str, str] | None = None
) -> SignedHead:
    """Who has signed a request, or the policy of a form, and what is signed of its body. Raises S3Fault, Throttled."""
    find = execution.credentials.find
    check = partial(verify_head, find=find) if form is None else partial(verify_form, form=form, find=find)
    try:
        return signed.proven(arrived, SIGNING_NAME, check)
    except AuthFailure as failure:
        if form is not None:
            raise of_form(failure) from failure
        raise of_signature(failure, presigned="authorization" not in arrived.http.first) from failure
