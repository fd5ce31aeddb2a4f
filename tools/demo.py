"""`make demo`: Carnet in front of a real S3 (SeaweedFS) and of moto for the rest, and a tour of what it enforces.

Everything is in memory or in a directory that is removed. With `--stay` the three servers go on after the tour.
"""

from __future__ import annotations

import argparse
import json
import os
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from secrets import token_hex
from typing import Any
from urllib.parse import urlsplit

import boto3
from botocore.auth import S3SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.config import Config
from botocore.credentials import Credentials
from botocore.exceptions import ClientError

BIN = Path(".venv/bin").resolve()
PEERS = Path(sys.executable).parent
ACCOUNT, KEY_ID, SECRET = "000000000000", "AKIAQAAAAAAADEXAMPLE", "carnet/dev/everybody/knows/me/EXAMPLEKEY"
TOKEN = f"carnet_ot_{'d' * 64}"
REGION, BUCKET = "us-east-1", "carnet-demo-reports"
FIVE_GIB = 5 * 1024**3
_SECONDS = 60


class Person:
    """Somebody with an access key, whose clients ask Carnet."""

    def __init__(self, endpoint: str, key_id: str, secret: str, token: str | None = None) -> None:
        self.endpoint, self.key_id, self.secret, self.token = endpoint, key_id, secret, token

    def client(self, service: str) -> Any:
        make: Any = boto3.client
        return make(
            service,
            endpoint_url=self.endpoint,
            region_name=REGION,
            aws_access_key_id=self.key_id,
            aws_secret_access_key=self.secret,
            aws_session_token=self.token,
            config=Config(retries={"total_max_attempts": 1}, s3={"addressing_style": "path"}),
        )

    def user(self, name: str, *statements: dict[str, Any]) -> Person:
        """A new user who may do this."""
        iam = self.client("iam")
        iam.create_user(UserName=name)
        iam.put_user_policy(UserName=name, PolicyName="p", PolicyDocument=policy(*statements))
        key = iam.create_access_key(UserName=name)["AccessKey"]
        return Person(self.endpoint, key["AccessKeyId"], key["SecretAccessKey"])


def policy(*statements: dict[str, Any]) -> str:
    return json.dumps({"Version": "2012-10-17", "Statement": list(statements)})


def allow(action: str | list[str], resource: str = "*", **more: Any) -> dict[str, Any]:
    return {"Effect": "Allow", "Action": action, "Resource": resource, **more}


def tour(endpoint: str, say: Callable[[str], None]) -> None:
    """Raises AssertionError if something is not as it is told."""
    root = Person(endpoint, KEY_ID, SECRET)
    admin = root.user("admin", allow("*"))
    ada = root.user("ada", allow(["kms:Encrypt", "s3:ListBucket"]))
    team, role = _team(admin)
    say(f"An organization with two accounts: {ACCOUNT} and {team}, whose role {role} comes from there.")
    member = _assumed(admin, role)
    _buckets(admin, member, team, say)
    _keys(admin, ada, say)
    _topics(admin, ada, say)
    _secrets(admin, ada, member, role, say)
    _large_upload(ada, say)
    _explained(endpoint, say)


def _team(admin: Person) -> tuple[str, str]:
    organizations = admin.client("organizations")
    organizations.create_organization(FeatureSet="ALL")
    asked = organizations.create_account(AccountName="team", Email="team@example.com")["CreateAccountStatus"]
    team: str = organizations.describe_create_account_status(CreateAccountRequestId=asked["Id"])["CreateAccountStatus"][
        "AccountId"
    ]
    return team, f"arn:aws:iam::{team}:role/OrganizationAccountAccessRole"


def _assumed(admin: Person, role: str) -> Person:
    made = admin.client("sts").assume_role(RoleArn=role, RoleSessionName="tour")["Credentials"]
    return Person(admin.endpoint, made["AccessKeyId"], made["SecretAccessKey"], made["SessionToken"])


def _buckets(admin: Person, member: Person, team: str, say: Callable[[str], None]) -> None:
    s3, theirs = admin.client("s3"), member.client("s3")
    s3.create_bucket(Bucket=BUCKET)
    s3.put_object(Bucket=BUCKET, Key="2026/q3.txt", Body=b"figures")
    denied(theirs.get_object, Bucket=BUCKET, Key="2026/q3.txt")
    let_in = allow("s3:GetObject", f"arn:aws:s3:::{BUCKET}/2026/*", Principal={"AWS": f"arn:aws:iam::{team}:root"})
    s3.put_bucket_policy(Bucket=BUCKET, Policy=policy(let_in))
    assert theirs.get_object(Bucket=BUCKET, Key="2026/q3.txt")["Body"].read() == b"figures"
    why = denied(theirs.put_object, Bucket=BUCKET, Key="2026/q3.txt", Body=b"other figures")
    say(f"A bucket policy lets the other account read, and read alone:\n    {why}")


def _keys(admin: Person, ada: Person, say: Callable[[str], None]) -> None:
    kms, hers = admin.client("kms"), ada.client("kms")
    open_key = kms.create_key()["KeyMetadata"]["Arn"]
    assert hers.encrypt(KeyId=open_key, Plaintext=b"x")["KeyId"] == open_key
    its_own = allow("kms:*", Principal={"AWS": f"arn:aws:iam::{ACCOUNT}:user/admin"})
    closed_key = kms.create_key(Policy=policy(its_own))["KeyMetadata"]["Arn"]
    why = denied(hers.encrypt, KeyId=closed_key, Plaintext=b"x")
    say(f"The default key policy leaves a key to IAM, and ada encrypts; another does not:\n    {why}")


def _topics(admin: Person, ada: Person, say: Callable[[str], None]) -> None:
    topic = admin.client("sns").create_topic(Name="uploads")["TopicArn"]
    from_bucket = {"ArnLike": {"aws:SourceArn": f"arn:aws:s3:::{BUCKET}"}}
    document = policy(allow("sns:Publish", topic, Principal={"Service": "s3.amazonaws.com"}, Condition=from_bucket))
    admin.client("sns").set_topic_attributes(TopicArn=topic, AttributeName="Policy", AttributeValue=document)
    denied(ada.client("sns").publish, TopicArn=topic, Message="not from a bucket")
    kept = admin.client("sns").get_topic_attributes(TopicArn=topic)["Attributes"]["Policy"]
    assert _simulated(kept, topic, f"arn:aws:s3:::{BUCKET}") == "allowed"
    assert _simulated(kept, topic, "arn:aws:s3:::somebody-elses") != "allowed"
    say(f"Amazon S3 may publish to a topic for {BUCKET}, and for no other bucket (carnet policy simulate).")


def _simulated(document: str, topic: str, source: str) -> str:
    """What the topic's policy says to Amazon S3."""
    case = {
        "request": {
            "principal": "s3.amazonaws.com",
            "action": "sns:Publish",
            "resource": topic,
            "context": {"aws:SourceArn": source},
        },
        "policies": {"resource": json.loads(document)},
    }
    done = subprocess.run(
        [str(BIN / "carnet"), "policy", "simulate", "--file", "-", "--output", "json"],
        input=json.dumps(case),
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.stdout, done.stderr
    verdict: str = json.loads(done.stdout)[0]["verdict"]
    return verdict


def _secrets(admin: Person, ada: Person, member: Person, role: str, say: Callable[[str], None]) -> None:
    organization = admin.client("organizations").describe_organization()["Organization"]["Id"]
    through = {"aws:PrincipalOrgID": organization, "kms:ViaService": f"secretsmanager.{REGION}.amazonaws.com"}
    theirs = allow("kms:Decrypt", Principal="*", Condition={"StringEquals": through})
    own = allow("kms:*", Principal={"AWS": f"arn:aws:iam::{ACCOUNT}:root"})
    key = admin.client("kms").create_key(Policy=policy(own, theirs))["KeyMetadata"]["Arn"]
    made = admin.client("secretsmanager").create_secret(Name="db", SecretString="hunter2", KmsKeyId=key)
    secret = made["ARN"]
    condition = {"StringEquals": {"aws:PrincipalOrgID": organization}, "ArnEquals": {"aws:PrincipalArn": role}}
    document = policy(allow("secretsmanager:GetSecretValue", Principal="*", Condition=condition))
    admin.client("secretsmanager").put_resource_policy(SecretId=secret, ResourcePolicy=document)
    assert member.client("secretsmanager").get_secret_value(SecretId=secret)["SecretString"] == "hunter2"
    why = denied(ada.client("secretsmanager").get_secret_value, SecretId=secret)
    say(f"One role of the organization may read a secret, and use its key for that:\n    {why}")


def _large_upload(ada: Person, say: Callable[[str], None]) -> None:
    """The client waits for leave to send, and gets none."""
    host = urlsplit(ada.endpoint).netloc
    request = AWSRequest("PUT", f"{ada.endpoint}/{BUCKET}/large", data=b"")
    S3SigV4Auth(Credentials(ada.key_id, ada.secret), "s3", REGION).add_auth(request)
    head = {**request.headers, "host": host, "content-length": str(FIVE_GIB), "expect": "100-continue"}
    name, _, port = host.partition(":")
    with socket.create_connection((name, int(port)), timeout=_SECONDS) as connection:
        lines = [f"PUT /{BUCKET}/large HTTP/1.1", *(f"{key}: {value}" for key, value in head.items()), "", ""]
        connection.sendall("\r\n".join(lines).encode())
        first = connection.recv(4096).split(b"\r\n")[0].decode()
    assert " 403 " in first, first
    say(f"An upload of 5 GiB is denied before a byte of it is sent: {first}")


def _explained(endpoint: str, say: Callable[[str], None]) -> None:
    environment = {**os.environ, "CARNET_OPERATOR_TOKEN": TOKEN}
    done = subprocess.run(
        [str(BIN / "carnet"), "explain", "--endpoint-url", endpoint],
        capture_output=True,
        text=True,
        check=False,
        env=environment,
    )
    assert "s3:PutObject" in done.stdout, done.stdout + done.stderr
    say("Why? carnet explain says:\n" + "\n".join(f"    {line}" for line in done.stdout.splitlines()))


def denied(call: Callable[..., Any], **given: Any) -> str:
    """What is said of a call that is denied."""
    try:
        call(**given)
    except ClientError as problem:
        error = problem.response.get("Error", {})
        if error.get("Code") not in ("AccessDenied", "AccessDeniedException", "AuthorizationError"):
            raise
        return str(error.get("Message"))
    raise AssertionError(f"{call} is not denied")


@contextmanager
def servers(directory: Path) -> Iterator[str]:
    """SeaweedFS, moto, and Carnet in front of them, whose address this gives."""
    with ExitStack() as stack:
        store, emulator, port, filer, master, volume = (_free_port() for _ in range(6))
        quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
        weed = [f"-s3.port={store}", f"-filer.port={filer}", f"-master.port={master}", f"-volume.port={volume}"]
        sizes = ["-ip=127.0.0.1", "-master.volumeSizeLimitMB=64", "-volume.max=100", f"-dir={directory}"]
        sizes += ["-s3.port.iceberg=0", "-s3.port.lance=0"]  # which would listen on the same ports each time
        environment = {name: value for name, value in os.environ.items() if not name.startswith(("AWS_", "CARNET_"))}
        serve = ["serve", "--dev", "--quiet", f"--port={port}", f"--dev-operator-token={TOKEN}"]
        behind = [f"--upstream=seaweedfs=http://127.0.0.1:{store}", f"--upstream=moto=http://127.0.0.1:{emulator}"]
        environment["WEED_S3_SSE_KEK"] = token_hex(32)  # without it, it answers a request for AES256 with 500
        commands = (
            ([str(PEERS / "weed"), "server", "-s3", *weed, *sizes], store),
            ([str(PEERS / "moto_server"), f"-p{emulator}"], emulator),
            ([str(BIN / "carnet"), *serve, *behind], port),
        )
        for command, listening in commands:
            process = subprocess.Popen(command, env=environment, **quiet)  # type: ignore[call-overload]
            stack.callback(_ended, process)
            _wait_for(listening, process)
        yield f"http://127.0.0.1:{port}"


def _free_port() -> int:
    """Below 10,000 ports from the end: SeaweedFS listens on each of its ports and 10,000 above, too."""
    while True:
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            port: int = probe.getsockname()[1]
        if port < 65_535 - 10_000:
            return port


def _wait_for(port: int, process: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + _SECONDS
    while True:
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
            return
        except OSError:
            if process.poll() is not None or time.monotonic() > deadline:
                raise SystemExit(f"{process.args!r} does not listen on port {port}") from None
            time.sleep(0.1)


def _ended(process: subprocess.Popen[bytes]) -> None:
    process.terminate()
    try:
        process.wait(timeout=10)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--stay", action="store_true", help="leave the servers running until Ctrl+C")
    stay = parser.parse_args().stay
    with tempfile.TemporaryDirectory(prefix="carnet-demo-") as directory:
        data = Path(directory) / "store"
        data.mkdir()
        with servers(data) as endpoint:
            print(f"Carnet listens at {endpoint}, in front of SeaweedFS (Amazon S3) and moto (the rest).\n")
            tour(endpoint, lambda text: print(f"- {text}\n", flush=True))
            if stay:
                print(f"export AWS_ENDPOINT_URL={endpoint} AWS_ACCESS_KEY_ID={KEY_ID} AWS_SECRET_ACCESS_KEY={SECRET}")
                print(f"export AWS_DEFAULT_REGION={REGION}     # Ctrl+C ends it")
                try:
                    while True:
                        time.sleep(3600)
                except KeyboardInterrupt:
                    pass


if __name__ == "__main__":
    main()
