"""How long a verification takes, beside botocore's own signing of the same request in the same run.

Run it with `python -m tests.bench.sigv4`. Prints microseconds and ratios; nothing passes or fails.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from timeit import repeat

from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

from carnet.keyring.session_tokens import SessionTokens
from carnet.sigv4.scope import Scope
from carnet.sigv4.signing_keys import derive
from carnet.sigv4.verify import verify
from tests.keyring.keys import KEYRING
from tests.keyring.test_session_tokens import RICH
from tests.sigv4.signing import (
    FORM,
    KEY_ID,
    NOW,
    SECRET,
    SESSION_KEY_ID,
    SESSION_SECRET,
    TOKEN,
    find,
    presign,
    sign,
)

CALLS, REPEATS = 50, 400
BODY = b"Action=ListUsers&Version=2010-05-08"


def microseconds(call: Callable[[], object]) -> float:
    """The best of many short runs: what the call costs when nothing disturbs it."""
    return min(repeat(call, number=CALLS, repeat=REPEATS)) / CALLS * 1e6


def sign_with_botocore() -> None:
    request = AWSRequest(method="POST", url="https://iam.amazonaws.com/", data=BODY, headers={"Content-Type": FORM})
    SigV4Auth(Credentials(KEY_ID, SECRET), "iam", "us-east-1").add_auth(request)


def main() -> None:
    """Print the table."""
    header = sign(body=BODY)
    session = sign(body=BODY, key_id=SESSION_KEY_ID, secret=SESSION_SECRET, token=TOKEN)
    presigned = presign()
    tokens = SessionTokens(KEYRING)
    forgetful = SessionTokens(KEYRING, remembered=0)
    issued = tokens.issue(RICH)
    key_id, token = issued.access_key_id, issued.session_token
    scope = Scope("20240101", "us-east-1", "iam", "aws4_request")
    signing = microseconds(sign_with_botocore)
    measured = {
        "botocore signs": signing,
        "verify, Authorization header": microseconds(lambda: verify(header, service="iam", now=NOW, find=find)),
        "verify, with a session token": microseconds(lambda: verify(session, service="iam", now=NOW, find=find)),
        "verify, presigned": microseconds(lambda: verify(presigned, service="sts", now=NOW, find=find)),
        "derive a signing key": microseconds(lambda: derive(SECRET, scope)),
        "issue a session token": microseconds(lambda: tokens.issue(RICH)),
        "open a session token, first time": microseconds(lambda: forgetful.open(key_id, token)),
        "open a session token, again": microseconds(lambda: tokens.open(key_id, token)),
    }
    print(f"{datetime.now(UTC):%Y-%m-%d}, best of {REPEATS} x {CALLS}; ratio to botocore's signing")
    for name, cost in measured.items():
        print(f"{name:34}{cost:9.2f} us{cost / signing:8.3f}")


if __name__ == "__main__":
    main()
