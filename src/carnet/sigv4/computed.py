"""What was computed of a request whose signature is refused, as a log may keep it.

Whoever looks for the mistake compares it with what the client says that it has signed.
https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-troubleshooting.html
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from hashlib import sha256
from urllib.parse import unquote

LONGEST = 8_192
"""Characters that are kept of a canonical request: whoever knows a key id can have it kept, again and again."""

_CREDENTIAL = re.compile(
    r"assertion|authentication-?code|authorization|cookie|credential|customer-key(?!-md5)|passw|secret|signature|token",
    re.ASCII | re.IGNORECASE,
)
"""What the names of headers and parameters hold whose values prove something."""
_SCOPE = "X-Amz-Credential"
"""It holds a key id and no secret: what stands there is the id of a key that was found."""


def computed(canonical: bytes, string_to_sign: bytes) -> Mapping[str, str]:
    """The canonical request and the string to sign, by name.

    INVARIANT: no value of a credential is in them: `<sha256 of ...>` stands for each, with 64 hexadecimal digits.
    """
    method, path, query, *headers = canonical.decode("latin-1").split("\n")
    pairs = "&".join(_without_credential(pair, "=") for pair in query.split("&"))
    text = "\n".join([method, path, pairs, *(_without_credential(line, ":") for line in headers)])
    if len(text) > LONGEST:
        text = f"{text[:LONGEST]}... ({len(text) - LONGEST} characters more)"
    return {"canonicalRequest": text, "stringToSign": string_to_sign.decode("ascii")}


def _without_credential(line: str, separator: str) -> str:
    name, found, value = line.partition(separator)
    if not found or name == _SCOPE or not _CREDENTIAL.search(unquote(name, encoding="latin-1")):
        return line
    return f"{name}{separator}<sha256 of {sha256(value.encode('latin-1')).hexdigest()}>"
