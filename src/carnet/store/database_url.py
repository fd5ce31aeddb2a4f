"""The URL of the database: how it is read, and how it is shown to people.

https://www.postgresql.org/docs/current/libpq-connect.html#LIBPQ-CONNSTRING-URIS
"""

from __future__ import annotations

from sqlalchemy import URL, make_url
from sqlalchemy.exc import ArgumentError

FORMS = "it is like sqlite:////path/to/file or postgresql://user:password@host:5432/database"
_SECRET_PARAMETERS = ("password", "sslpassword")
"""What libpq takes in the query, too: it stands nowhere in a log or an error."""


def parsed(url: str) -> URL:
    """Raises ValueError for what is no URL of a database."""
    try:
        read = make_url(url)
    except (ArgumentError, ValueError) as error:
        raise ValueError(f"the database URL cannot be read; {FORMS}") from error
    return read.set(drivername="postgresql") if read.drivername == "postgres" else read  # libpq takes both


def shown(url: URL) -> str:
    """The URL without a password."""
    hidden = {name: "***" for name in _SECRET_PARAMETERS if name in url.query}
    return url.update_query_dict(hidden).render_as_string(hide_password=True).replace("%2A%2A%2A", "***")
