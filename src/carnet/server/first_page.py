"""The address of the server alone, as a person gives it to a browser.

AWS's endpoints lead such a request to a page about the service: https://iam.amazonaws.com/ answers 302.
"""

from __future__ import annotations

from carnet.base.http import RequestHead

_READS = ("GET", "HEAD")
_WANTED = "text/html"


def is_first_page(head: RequestHead) -> bool:
    """Whether a browser asks for `/`: without a proof of who calls, and without an operation."""
    if head.path != "/" or head.method not in _READS or head.query:
        return False
    return head.header("authorization") is None and _WANTED in (head.header("accept") or "")
