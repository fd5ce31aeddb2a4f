"""Operations that are prepared: slow work before their turn, for callers who may ask for it, and nobody else."""

from __future__ import annotations

import asyncio
import json
import threading
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import FIRST_COMPLETED, ThreadPoolExecutor, wait
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import boto3
import pytest
from botocore import UNSIGNED
from botocore.config import Config
from botocore.exceptions import ClientError

from carnet.base.faults import FAULTS, Refused
from carnet.identity.authenticate import Authenticate
from carnet.policy.document import parse
from carnet.services import documents
from carnet.services.operation import AnonymousCall, Answer, Call, WriteCall, anybody
from carnet.services.preparing import Pool, Preparation
from carnet.services.registry import SERVICES
from carnet.services.service import Service
from tests.attacks.wire import audit
from tests.server.in_process import InProcessServer, in_process_server
from tests.server.test_callers import own
from tests.waiting import PATIENCE_SECONDS

IAM_CODES = {fault: SERVICES["iam"].code(fault("")) for fault in FAULTS}
READ, WRITE = "GetServiceLinkedRoleDeletionStatus", "DeleteServiceLinkedRole"
"""Operations that are not written yet, for the test to make up."""


@dataclass
class Slow:
    """Work that a test chooses, and what came of it."""

    work: Callable[[Any], Any] = lambda given: "prepared"
    given: list[Any] = field(default_factory=list)
    threads: list[str] = field(default_factory=list)
    bodies: list[Any] = field(default_factory=list)

    def blocking(self, call: Call, given: Any) -> Any:
        self._note(call, given)
        return self.work(given)

    async def awaited(self, call: Call, given: Any) -> Any:
        self._note(call, given)
        return await asyncio.to_thread(self.work, given)

    def _note(self, call: Call, given: Any) -> None:
        assert call.prepared is None
        self.given.append(given)
        self.threads.append(threading.current_thread().name)


def made_up(slow: Slow) -> Mapping[str, Service]:
    """The services, and a few made-up operations that are prepared."""
    pool = Pool(name="made-up", size=1, waiting=1, seconds=PATIENCE_SECONDS)
    iam = Service("iam", fault_codes=IAM_CODES)
    real = SERVICES["iam"].operations
    iam.operations.update({name: operation for name, operation in real.items() if name not in (WRITE, READ)})
    oidc = Service("sso-oidc", fault_codes=dict.fromkeys(FAULTS, "InvalidRequestException"))

    @iam.write(WRITE, on=own, prepare=Preparation(pool=pool, work=slow.blocking))
    def change(call: WriteCall, given: Any) -> Answer:
        slow.bodies.append(call.prepared)
        return {"DeletionTaskId": call.prepared}

    @iam.read(READ, on=own, prepare=Preparation(pool=pool, work=slow.awaited))
    def look(call: Call, given: Any) -> Answer:
        slow.bodies.append(call.prepared)
        return {"Status": "SUCCEEDED", "Reason": {"Reason": call.prepared}}

    @oidc.read(
        "RegisterClient",
        on=anybody,
        authenticate=Authenticate.ANONYMOUS,
        prepare=Preparation(pool=pool, work=slow.blocking),
    )
    def register_client(call: AnonymousCall, given: Any) -> Answer:
        return {"clientId": call.prepared}

    return {"iam": iam, "sts": SERVICES["sts"], "sso-oidc": oidc}


@pytest.fixture
def slow() -> Slow:
    return Slow()


@pytest.fixture
def server(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, slow: Slow) -> Iterator[InProcessServer]:
    monkeypatch.setattr("carnet.assembly.worker.SERVICES", made_up(slow))
    with in_process_server(tmp_path) as running:
        yield running


def change(iam: Any) -> Any:
    return iam.delete_service_linked_role(RoleName="worker")


def look(iam: Any) -> Any:
    return iam.get_service_linked_role_deletion_status(DeletionTaskId="task")


def user(server: InProcessServer, *actions: str) -> Any:
    """A client of a new user who may do these actions."""
    iam = server.client("iam")
    iam.create_user(UserName="bob")
    statement = {"Effect": "Allow", "Action": list(actions), "Resource": "*"}
    document = json.dumps({"Version": "2012-10-17", "Statement": statement})
    iam.put_user_policy(UserName="bob", PolicyName="p", PolicyDocument=document)
    key = iam.create_access_key(UserName="bob")["AccessKey"]
    return server.client("iam", key["AccessKeyId"], key["SecretAccessKey"])


def refused(call: Callable[[Any], Any], client: Any) -> str:
    with pytest.raises(ClientError) as caught:
        call(client)
    return str(caught.value.response["Error"]["Code"])


def test_the_body_gets_what_was_prepared_in_the_pool_or_on_the_loop(server: InProcessServer, slow: Slow) -> None:
    assert change(server.client("iam"))["DeletionTaskId"] == "prepared"
    assert look(server.client("iam"))["Reason"]["Reason"] == "prepared"
    assert slow.given == [{"RoleName": "worker"}, {"DeletionTaskId": "task"}]
    assert slow.threads[0].startswith("made-up")
    assert not slow.threads[1].startswith("made-up")


@pytest.mark.parametrize("call", [change, look])
def test_nothing_is_prepared_for_whom_the_operation_is_not(
    server: InProcessServer, slow: Slow, call: Callable[[Any], Any]
) -> None:
    unsigned = Config(signature_version=UNSIGNED, parameter_validation=False)
    nobody = boto3.client("iam", endpoint_url=server.endpoint, region_name="us-east-1", config=unsigned)
    assert refused(call, nobody) == "MissingAuthenticationToken"
    assert refused(call, server.client("iam", secret="wrong")) == "SignatureDoesNotMatch"
    assert refused(call, user(server, "iam:GetUser")) == "AccessDenied"
    assert audit(server)[-1]["additionalEventData"]["decisions"][0]["verdict"] == "implicitDeny"
    assert (slow.given, slow.bodies) == ([], [])


def test_nothing_is_prepared_for_an_input_that_is_refused(server: InProcessServer, slow: Slow) -> None:
    bad = server.client("iam")
    bad.meta.events.register("before-parameter-build.iam", lambda params, **_: params.update(RoleName="a b"))
    assert refused(change, bad) == "ValidationError"
    assert slow.given == []


@pytest.mark.parametrize("call", [change, look])
def test_the_caller_is_asked_for_again_afterwards(
    server: InProcessServer, slow: Slow, call: Callable[[Any], Any]
) -> None:
    root, bob = server.client("iam"), user(server, f"iam:{READ}", f"iam:{WRITE}")
    begun, go_on = threading.Event(), threading.Event()

    def work(given: Any) -> None:
        begun.set()
        assert go_on.wait(PATIENCE_SECONDS)

    slow.work = work
    with ThreadPoolExecutor(1) as elsewhere:
        asked = elsewhere.submit(refused, call, bob)
        assert begun.wait(PATIENCE_SECONDS)
        # The loop and the writer are free meanwhile.
        (key,) = root.list_access_keys(UserName="bob")["AccessKeyMetadata"]
        root.delete_access_key(UserName="bob", AccessKeyId=key["AccessKeyId"])
        go_on.set()
        assert asked.result() == "InvalidClientTokenId"
    assert slow.bodies == []


@pytest.mark.parametrize("call", [change, look])
def test_the_policies_are_asked_again_afterwards(
    server: InProcessServer, slow: Slow, call: Callable[[Any], Any]
) -> None:
    root, bob = server.client("iam"), user(server, f"iam:{READ}", f"iam:{WRITE}")
    slow.work = lambda given: root.delete_user_policy(UserName="bob", PolicyName="p")
    assert refused(call, bob) == "AccessDenied"
    assert len(slow.given) == 1
    assert slow.bodies == []


def test_who_finds_no_place_is_told_to_come_back(server: InProcessServer, slow: Slow) -> None:
    begun, go_on = threading.Event(), threading.Event()

    def work(given: Any) -> str:
        begun.set()
        assert go_on.wait(PATIENCE_SECONDS)
        return "at last"

    slow.work = work
    with ThreadPoolExecutor(3) as elsewhere:
        first = elsewhere.submit(change, server.client("iam"))
        assert begun.wait(PATIENCE_SECONDS)
        others = {elsewhere.submit(change, server.client("iam")) for _ in range(2)}
        (full,), (waiting,) = wait(others, return_when=FIRST_COMPLETED)
        assert "ServiceUnavailable" in str(full.exception())
        assert audit(server)[-1]["errorCode"] == "ServiceUnavailable"
        go_on.set()
        assert first.result()["DeletionTaskId"] == waiting.result()["DeletionTaskId"] == "at last"


def test_what_goes_wrong_in_preparing_is_told_as_in_a_body(server: InProcessServer, slow: Slow) -> None:
    def no_such(given: Any) -> None:
        raise Refused("NoSuchEntity", "It is not there.")

    slow.work = no_such
    assert refused(change, server.client("iam")) == "NoSuchEntity"
    event = audit(server)[-1]
    assert event["errorCode"] == "NoSuchEntityException"
    assert [each["action"] for each in event["additionalEventData"]["decisions"]] == [f"iam:{WRITE}"]
    slow.work = lambda given: given["Unforeseen"]
    assert refused(change, server.client("iam")) == "InternalFailure"
    assert audit(server)[-1]["requestParameters"] is None


def test_an_anonymous_operation_is_prepared_before_anything_is_known_of_its_caller(server: InProcessServer) -> None:
    config = Config(signature_version=UNSIGNED)
    nobody = boto3.client("sso-oidc", endpoint_url=server.endpoint, region_name="us-east-1", config=config)
    assert nobody.register_client(clientName="a", clientType="public")["clientId"] == "prepared"


def document(action: str) -> str:
    return json.dumps({"Version": "2012-10-17", "Statement": {"Effect": "Allow", "Action": action, "Resource": "*"}})


def trust(account: str) -> str:
    statement = {"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": {"AWS": account}}
    return json.dumps({"Version": "2012-10-17", "Statement": statement})


def test_no_document_is_parsed_while_other_writers_wait(
    server: InProcessServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    threads: list[str] = []

    def noting(*given: Any, **named: Any) -> Any:
        threads.append(threading.current_thread().name)
        return parse(*given, **named)

    monkeypatch.setattr(documents, "parse", noting)
    iam = server.client("iam")
    account = server.root.account
    iam.create_user(UserName="u")
    iam.create_group(GroupName="g")
    made: list[Callable[[], Any]] = [
        lambda: iam.create_role(RoleName="r", AssumeRolePolicyDocument=trust(account)),
        lambda: iam.update_assume_role_policy(RoleName="r", PolicyDocument=trust(f"arn:aws:iam::{account}:root")),
        lambda: iam.put_user_policy(UserName="u", PolicyName="p", PolicyDocument=document("a:u")),
        lambda: iam.put_group_policy(GroupName="g", PolicyName="p", PolicyDocument=document("a:g")),
        lambda: iam.put_role_policy(RoleName="r", PolicyName="p", PolicyDocument=document("a:r")),
        lambda: iam.create_policy(PolicyName="p", PolicyDocument=document("a:p")),
        lambda: iam.create_policy_version(PolicyArn=f"arn:aws:iam::{account}:policy/p", PolicyDocument=document("a:v")),
    ]
    for number, make in enumerate(made, 1):
        make()
        assert len(threads) == number
    # One that is no policy is parsed once, too, and one that is too long not at all.
    for text in ("{", document("a:" + "b" * 7000)):
        with pytest.raises(ClientError):
            iam.create_policy(PolicyName="q", PolicyDocument=text)
    assert len(threads) == len(made) + 1
    assert all(thread.startswith("documents") for thread in threads)
