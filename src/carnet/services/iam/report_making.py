"""Makes reports apart from the requests, one after the other, so that none of them delays others."""

from __future__ import annotations

from carnet.services.preparing import Pool

REPORT_POOL = Pool(name="iam-reports", size=1, waiting=16, seconds=10.0)
