"""Pages, from the templates beside this file, and the files that they load.

INVARIANT: every value is escaped (`autoescape`), and a template that lacks one is an error (`StrictUndefined`).
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from carnet.base.http import HttpResponse
from carnet.console.headers import HTML, NOT_KEPT, SAFETY

STATIC = "/console/static/"
_SENT_BY_SCRIPT = "These pages need JavaScript: one small script of this server. Nothing was done."
_HERE = Path(__file__).parent
_TYPES = {".css": "text/css; charset=utf-8", ".js": "text/javascript; charset=utf-8", ".svg": "image/svg+xml"}
Headers = tuple[tuple[str, str], ...]
_FOR_EVER = ("cache-control", "public, max-age=31536000, immutable")


@dataclass(frozen=True, slots=True, kw_only=True)
class StaticFile:
    """A file that pages load, under an address that changes with it."""

    name: str
    content: bytes = field(repr=False)

    @property
    def url(self) -> str:
        return f"{STATIC}{hashlib.sha256(self.content).hexdigest()[:16]}/{self.name}"

    @property
    def response(self) -> HttpResponse:
        """The file, which browsers may cache for ever."""
        kind = ("content-type", _TYPES[Path(self.name).suffix])
        return HttpResponse(status=200, headers=(kind, _FOR_EVER, *SAFETY), body=self.content)


@cache
def static_files() -> dict[str, StaticFile]:
    """All files, by address."""
    files = [
        StaticFile(name=path.name, content=path.read_bytes())
        for path in sorted((_HERE / "static").iterdir())
        if path.suffix in _TYPES
    ]
    return {file.url: file for file in files}


def page(template: str, *, status: int = 200, csrf: str = "", headers: Headers = SAFETY, **values: Any) -> HttpResponse:
    """A page. `csrf` is that of the browser that has signed in, whose changes its script sends with it."""
    text = _templates().get_template(template).render(csrf=csrf, **values)
    return HttpResponse(status=status, headers=(HTML, NOT_KEPT, *headers), body=text.encode("utf-8", "replace"))


def not_sent_by_script() -> HttpResponse:
    """For a form of a page that the browser itself has sent: its scripts are off, or did not arrive.

    INVARIANT: forms are sent with POST, so that no password comes into an address, and so into logs and the history.
    """
    return page("refused.html", status=405, title="Not so", sentence=_SENT_BY_SCRIPT)


@cache
def _templates() -> Environment:
    made = Environment(
        loader=FileSystemLoader(_HERE / "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        auto_reload=False,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    made.globals["file"] = {file.name: file.url for file in static_files().values()}
    return made
