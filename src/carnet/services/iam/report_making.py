"""Where reports are made: beside the requests and one after the other, so that none of them keeps others waiting."""

from __future__ import annotations

from carnet.services.preparing import Pool

REPORT_POOL = Pool(name="iam-reports", size=1, waiting=16, seconds=10.0)
