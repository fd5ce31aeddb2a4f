"""Asks Carnet's own API (docs/http-api.md), for commands whose answer is at a server and not in a data directory."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from http.client import HTTPConnection, HTTPException, HTTPSConnection
from typing import Any
from urllib.parse import quote, urlencode, urlsplit

import click

from carnet.assembly.public_url import check_public_url
from carnet.assembly.settings import OPERATOR_TOKEN
from carnet.base.arns import OWN_SERVICE
from carnet.base.bounded_json import loads
from carnet.base.http import HttpRequest
from carnet.base.loopback import is_loopback_host
from carnet.base.printable import printable
from carnet.cli.exports import REGION
from carnet.entities.operator_token import TOKEN_RULE, token_digest
from carnet.sigv4.signing import SigningCredentials, signing_headers

_PREFIX = "/_carnet/v1/"
_SECONDS = 60
_DONE = (200, 201)
_UNAUTHENTICATED, _FORBIDDEN = 401, 403
_OF_THE_KEY = ("InvalidClientTokenId", "SignatureDoesNotMatch", "ExpiredToken")
"""Codes that say that the access key, its secret or its session token is wrong."""
_OPERATORS = "takes an operator token"
_MOST_BYTES = 256 * 1024 * 1024
_HEADER_VALUE = re.compile(r"[!-~]+", re.ASCII)
_LONGEST_MESSAGE = 1_000


@dataclass(frozen=True, slots=True)
class OwnApi:
    """The API of one server, and who asks it: a caller who signs with the credentials of a profile; without one, an
    operator by the token of the environment, or else a caller who signs with the credentials there.

    INVARIANT: no credential goes over a network in the clear, and none to another address than this one.
    """

    url: str
    where: str
    """The URL, and why it is asked, for people."""
    signs: SigningCredentials | None = None
    """Those of a profile."""

    @classmethod
    def at(cls, url: str, *, named_by: str, why: str = "", signs: SigningCredentials | None = None) -> OwnApi:
        """`named_by`: the option or the variable that the URL comes from; `why` it is asked, if there is more to say.

        Raises ClickException for what is no URL, or one that a credential should not be sent to.
        """
        try:
            checked = check_public_url(url)
            parts = urlsplit(checked)
            port = parts.port
        except ValueError:
            raise click.ClickException(
                f"{named_by} is {url!r}, which is no address of a server, such as http://127.0.0.1:4747."
            ) from None
        if port == 0:
            raise click.ClickException(f"{named_by} is {url!r}, and no server has port 0.")
        if parts.scheme == "http" and not is_loopback_host(parts.hostname or ""):
            raise click.ClickException(
                f"{named_by} is {checked}, to which credentials would go in the clear. Ask there over https."
            )
        return cls(checked, f"{checked} ({why})" if why else checked, signs)

    def get(self, path: str, query: Mapping[str, str], **members: type) -> dict[str, Any]:
        """The answer, which has these members, of these types.

        Raises ClickException, in one line, if there is no such answer.
        """
        return self._ask("GET", path + (f"?{urlencode(query, quote_via=quote)}" if query else ""), b"", members)

    def post(self, path: str, given: Mapping[str, Any], **members: type) -> dict[str, Any]:
        """The same of a request with a body."""
        return self._ask("POST", path, json.dumps(given).encode(), members)

    def put(self, path: str, given: Mapping[str, Any], **members: type) -> dict[str, Any]:
        """The same, for what is replaced."""
        return self._ask("PUT", path, json.dumps(given).encode(), members)

    def delete(self, path: str, **members: type) -> dict[str, Any]:
        """The same, for what goes."""
        return self._ask("DELETE", path, b"", members)

    def post_unproven(self, path: str, given: Mapping[str, Any], **members: type) -> dict[str, Any]:
        """The same of a request that takes no proof of who asks, and carries none."""
        body = json.dumps(given).encode()
        return self._ask("POST", path, body, members, self._plain_headers(body))

    def _ask(
        self,
        method: str,
        path: str,
        body: bytes,
        members: Mapping[str, type],
        headers: dict[str, str] | None = None,
    ) -> dict[str, Any]:
        target = f"{_PREFIX}{path}"
        if headers is None:
            headers = self._headers(method, target, body)
        try:
            status, answered = self._answer(method, target, headers, body)
        except (HTTPException, OSError) as problem:
            hint = "carnet serve starts one; --endpoint-url or AWS_ENDPOINT_URL says where to ask"
            if "CERTIFICATE_VERIFY_FAILED" in str(problem):
                hint = "AWS_CA_BUNDLE names the file of the certificates to trust"
            raise click.ClickException(f"No server answers at {self.where}: {problem}. {hint}.") from problem
        told = self._object(answered)
        if status not in _DONE:
            raise self._refusal(status, told)
        if not all(isinstance(told.get(name), kind) for name, kind in members.items()):
            raise self._no_carnet(status)
        return told

    def _plain_headers(self, body: bytes) -> dict[str, str]:
        return {"host": urlsplit(self.url).netloc} | ({"content-type": "application/json"} if body else {})

    def _headers(self, method: str, target: str, body: bytes) -> dict[str, str]:
        """All headers of a request, with who asks. Raises ClickException if the environment does not say who."""
        parts = urlsplit(self.url)
        headers = self._plain_headers(body)
        token = os.environ.get(OPERATOR_TOKEN)
        if token and self.signs is None:
            if token_digest(token) is None:
                raise click.ClickException(f"{OPERATOR_TOKEN} holds no operator token. {TOKEN_RULE}")
            return headers | {"authorization": f"Bearer {token}"}
        path, _, query = target.partition("?")
        request = HttpRequest(
            method=method,
            path=path,
            query=query,
            headers=tuple(headers.items()),
            peer="",
            secure=parts.scheme == "https",
            body=body,
        )
        region = _variable("AWS_REGION") or _variable("AWS_DEFAULT_REGION") or REGION
        credentials = self.signs or self._credentials()
        return headers | signing_headers(
            request, credentials, service=OWN_SERVICE, region=region, now=datetime.now(UTC)
        )

    def _credentials(self) -> SigningCredentials:
        key, secret = _variable("AWS_ACCESS_KEY_ID"), _variable("AWS_SECRET_ACCESS_KEY")
        if key is None or secret is None:
            raise click.ClickException(
                f"There are no credentials to ask {self.where} with. Set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, "
                f"for one account, or {OPERATOR_TOKEN}, for all of them."
            )
        return SigningCredentials(
            access_key_id=key, secret_access_key=secret, session_token=_variable("AWS_SESSION_TOKEN")
        )

    def _answer(self, method: str, target: str, headers: Mapping[str, str], body: bytes) -> tuple[int, bytes]:
        """Status and body. Not urllib: it takes long to import, and would ask a proxy, or another server."""
        connection = self._connect()
        try:
            connection.request(method, target, body=body or None, headers=dict(headers))
            answer = connection.getresponse()
            return answer.status, answer.read(_MOST_BYTES)
        finally:
            connection.close()

    def _connect(self) -> HTTPConnection:
        parts = urlsplit(self.url)
        host = parts.hostname or ""
        if parts.scheme == "http":
            return HTTPConnection(host, parts.port, timeout=_SECONDS)
        import ssl

        bundle = os.environ.get("AWS_CA_BUNDLE") or None
        try:
            context = ssl.create_default_context(cafile=bundle)
        except OSError as problem:
            raise click.ClickException(f"AWS_CA_BUNDLE is {bundle}, which cannot be read: {problem}.") from problem
        return HTTPSConnection(host, parts.port, timeout=_SECONDS, context=context)

    def _object(self, body: bytes) -> dict[str, Any]:
        try:
            told = loads(body)
        except ValueError:
            told = None
        if not isinstance(told, dict):
            raise self._no_carnet(None)
        return told

    def _refusal(self, status: int, told: Mapping[str, Any]) -> click.ClickException:
        if "code" not in told or "message" not in told:
            return self._no_carnet(status)
        code, message = printable(str(told["code"])), printable(str(told["message"])[:_LONGEST_MESSAGE])
        way_out = self._way_out(status, code, message)
        if not message.endswith("."):
            message += "."  # AWS's sentences of denials have none
        return click.ClickException(f"{self.where} answers {code}: {message}{way_out}")

    def _way_out(self, status: int, code: str, message: str) -> str:
        """What one can do, as further sentences."""
        if status == _UNAUTHENTICATED:
            return f" {OPERATOR_TOKEN} must hold a token of that server that is still good: carnet operator-token list."
        if code in _OF_THE_KEY and self.signs is None:
            return f" The caller is the one of AWS_ACCESS_KEY_ID, as {OPERATOR_TOKEN} is not set."
        if status == _FORBIDDEN and (f" {OWN_SERVICE}:" in message or _OPERATORS in message):
            return (
                f" Ask with an operator token in {OPERATOR_TOKEN} (carnet operator-token create; of carnet serve "
                "--dev, --dev-operator-token), or with an access key whose policies allow it: docs/http-api.md."
            )
        return ""

    def _no_carnet(self, status: int | None) -> click.ClickException:
        how = f" with status {status}" if status is not None else ""
        return click.ClickException(
            f"What answers{how} at {self.where} is no Carnet server of this version; --endpoint-url names another."
        )


def _variable(name: str) -> str | None:
    """A variable of the environment, None if it is not set or empty; raises ClickException if it is no header's."""
    value = os.environ.get(name)
    if value and not _HEADER_VALUE.fullmatch(value):
        raise click.ClickException(f"{name} holds a character that no credential and no Region has.")
    return value or None
