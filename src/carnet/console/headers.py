"""The headers of all answers of the console."""

from __future__ import annotations

CONTENT_SECURITY_POLICY = "; ".join(
    (
        "default-src 'none'",
        "script-src 'self'",
        "style-src 'self'",
        "img-src 'self' data:",
        "connect-src 'self'",
        "form-action 'self'",
        "frame-ancestors 'none'",
        "base-uri 'none'",
    )
)
"""Nothing but what this origin serves: no script within a page, no request to elsewhere, no frame around it.

`form-action` also blocks the redirect that answers a form: scripts send forms, and go where the answer says.
"""
SAFETY = (
    ("content-security-policy", CONTENT_SECURITY_POLICY),
    ("x-content-type-options", "nosniff"),
    ("x-frame-options", "DENY"),
    ("referrer-policy", "no-referrer"),
    ("cross-origin-opener-policy", "same-origin"),
    ("cross-origin-resource-policy", "same-origin"),
)


def posting_to(origin: str) -> tuple[tuple[str, str], ...]:
    """The same for a page whose form is sent to another site, which may send the browser on to others over TLS."""
    policy = CONTENT_SECURITY_POLICY.replace("form-action 'self'", f"form-action https: {origin}")
    return (("content-security-policy", policy), *SAFETY[1:])


NOT_KEPT = ("cache-control", "no-store")
HTML = ("content-type", "text/html; charset=utf-8")
