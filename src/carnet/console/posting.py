"""Pages whose form the browser posts to another site at once: a SAML message (HTTP-POST).

https://docs.oasis-open.org/security/saml/v2.0/saml-bindings-2.0-os.pdf (3.5.4)
"""

from __future__ import annotations

from urllib.parse import urlsplit

from carnet.base.http import HttpResponse
from carnet.console.headers import posting_to
from carnet.console.pages import page


def posting_page(field: str, message: str, *, to: str, relay_state: str, name: str) -> HttpResponse:
    """The page that posts a message, in base64, to the address `to` of the site with that name."""
    address = urlsplit(to)
    return page(
        "posting.html",
        headers=posting_to(f"{address.scheme}://{address.netloc}"),
        field=field,
        message=message,
        to=to,
        relay_state=relay_state,
        name=name,
    )
