"""A server of two workers that each need some seconds to start; run as a script by `test_workers`.

Arguments: port, seconds for a worker (and, after a comma, for those that begin after the first two; or `told`: until
there is a file `go` beside the next one), a file that every worker writes its process id to when it starts, one that
always has the ids of those that are known to serve, and after how many seconds without an answer one counts as hung.
"""

from __future__ import annotations

import os
import sys
import time
from pathlib import Path
from typing import Any

import uvicorn

from carnet.server.listening import workers
from carnet.server.listening.listen import bind
from carnet.server.listening.workers import Workers

if __name__ == "__mp_main__":  # what a worker process imports before it can answer anybody
    with Path(sys.argv[3]).open("a+") as starts:
        starts.write(f"{os.getpid()}\n")
        starts.flush()
        starts.seek(0)
        later = len(starts.readlines()) > 2
    needed = sys.argv[2].split(",")[-1 if later else 0]
    if needed == "told":
        while not Path(sys.argv[3]).with_name("go").exists():
            time.sleep(0.02)
    else:
        time.sleep(float(needed))


async def application(scope: dict[str, Any], _receive: Any, send: Any) -> None:
    """Answers with the worker's process id."""
    assert scope["type"] == "http"
    await send({"type": "http.response.start", "status": 200, "headers": [(b"connection", b"close")]})
    await send({"type": "http.response.body", "body": str(os.getpid()).encode()})


class Telling(Workers):
    """Tells who is known to serve, whenever it has looked."""

    def keep_subprocess_alive(self) -> None:
        super().keep_subprocess_alive()
        new = Path(f"{sys.argv[4]}.new")
        new.write_text("".join(f"{worker.pid}\n" for worker in self.processes if worker.up))
        new.replace(sys.argv[4])


if __name__ == "__main__":
    config = uvicorn.Config(application, workers=2, log_level="warning", lifespan="off")
    config.timeout_worker_healthcheck = int(sys.argv[5])
    workers._CLOSING_SECONDS = 1.0
    Telling(config, [bind("127.0.0.1", int(sys.argv[1]))]).run()
