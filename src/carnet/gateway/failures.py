"""Error codes and sentences of denials in the words of each service, and the error codes of upstreams."""

from __future__ import annotations

import re

from carnet.access.authorize import Decided
from carnet.access.denial import denial_sentence
from carnet.base.http import HttpResponse

DENIED = "AccessDenied"
_DENIED_BY = {"sns": "AuthorizationError"}
"""The services that have their own error code for a denial.

https://docs.aws.amazon.com/sns/latest/api/CommonErrors.html
"""
_ACTION_BY = {"sns": lambda action: action.replace("sns:", "SNS:", 1), "sqs": str.lower}
"""How a service writes the action in its sentence, if it changes it."""
_FOREIGN_ROLE = "Cross-account pass role is not allowed."
_JSON_CODE = re.compile(r'"(?:__type|code)"\s*:\s*"([A-Za-z0-9_.#:/-]{1,200})"')
_CLIENT_ERROR, _SERVER_ERROR = 400, 500
_NOT_THERE = re.compile(r"NotFound|NonExistent|DoesNotExist|NoSuch", re.ASCII)
_XML_CODE = re.compile(r"<Code>([A-Za-z0-9_.]{1,200})</Code>")


def told_denial(service: str, decided: Decided) -> tuple[str, str]:
    """The error code and the sentence of a denial."""
    if _passes_foreign_role(decided):
        return _DENIED_BY.get(service, DENIED), _FOREIGN_ROLE
    sentence = denial_sentence(decided)
    spell = _ACTION_BY.get(service)
    action = decided.check.action
    if spell is not None and action.startswith(f"{service}:"):
        sentence = sentence.replace(f" {action} on", f" {spell(action)} on").replace(
            f" {action} action", f" {spell(action)} action"
        )
    return _DENIED_BY.get(service, DENIED), sentence


def _passes_foreign_role(decided: Decided) -> bool:
    """Whether it is about a role of another account, which no policy lets anybody pass.

    https://docs.aws.amazon.com/IAM/latest/UserGuide/id_roles_use_passrole.html
    """
    return (
        decided.check.action == "iam:PassRole" and decided.check.resource_account != decided.request.principal.account
    )


def error_told(told: HttpResponse) -> str:
    """The error code of an upstream's answer; empty if it has none."""
    error_type = next((value for name, value in told.headers if name == "x-amzn-errortype"), None)
    return error_code(error_type, told.body)


def says_not_there(told: HttpResponse) -> bool:
    """Whether an upstream's answer says that the resource does not exist."""
    return _CLIENT_ERROR <= told.status < _SERVER_ERROR and _NOT_THERE.search(error_told(told)) is not None


def error_code(error_type: str | None, body: bytes) -> str:
    """The error code of an upstream's answer, from its header or from its body in JSON or XML; empty if neither has
    one."""
    text = body.decode("utf-8", "replace")
    found = _JSON_CODE.search(text) or _XML_CODE.search(text)
    code = error_type or (found[1] if found else "")
    return code.partition(":")[0].rpartition("#")[2][:128]
