"""How long `carnet audit verify` takes for a million records, beside one SHA-256 of the same bytes.

python -m tests.bench.audit_verify [records]
"""

from __future__ import annotations

import sys
import tempfile
import time
from hashlib import sha256
from pathlib import Path

from carnet.assembly.state import system_clock
from carnet.audit.chained_lines import ChainedLines
from carnet.audit.json_line import line_of
from carnet.audit.verification import verify

_AT_ONCE = 500
_EVENT = {
    "eventVersion": "1.11",
    "userIdentity": {"type": "IAMUser", "arn": "arn:aws:iam::111122223333:user/alice", "accountId": "111122223333"},
    "eventTime": "2026-01-02T03:04:05Z",
    "eventSource": "iam.amazonaws.com",
    "eventName": "CreateUser",
    "userAgent": "x" * 120,
    "requestParameters": {"userName": "somebody"},
    "additionalEventData": {"decisions": [{"action": "iam:CreateUser", "statements": ["x" * 60]}]},
    "requestID": "0" * 36,
    "eventID": "0" * 36,
}


def main(records: int) -> None:
    with tempfile.TemporaryDirectory() as directory:
        path = Path(directory) / "audit.jsonl"
        lines, some = ChainedLines(path, system_clock), line_of(_EVENT) * _AT_ONCE
        for _ in range(records // _AT_ONCE):
            lines.write(some)
        began = time.process_time()
        found = verify([path])
        verified = time.process_time() - began
        began = time.process_time()
        hashed = sha256()
        with path.open("rb") as file:
            while piece := file.read(1024 * 1024):
                hashed.update(piece)
        bare = time.process_time() - began
        print(f"{found.records} records, {path.stat().st_size / 1e6:.0f} MB")
        print(f"verify {verified:.1f} s of CPU, SHA-256 of the same bytes {bare:.1f} s: {verified / bare:.1f} times")


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 1_000_000)
