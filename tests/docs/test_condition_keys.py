"""The page of condition keys lists every key that the code gives to a request, and no other."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

PAGE = Path("docs/condition-keys.md").read_text()
KEY = re.compile(r"(?:account|aws|ec2|sso|sts|iam):[A-Z][A-Za-z0-9-]+(?:/[A-Za-z]+)?/?|aws:user(?:id|name)", re.ASCII)
ACTIONS = re.compile(
    r"(?:sso:Create|iam:(?:Attach|ChangePassword|EnableMFADevice|PutRolePolicy|Tag|Untag|Update|Create|Get|List|PassRole)|"
    r"sts:(?:TagSession|SetSourceIdentity|SetContext|SetWebIdentityTokenScope|AssumeRole|AssumeRoot|TagGetWebIdentityToken))"
)


def _texts(path: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            yield node.value


def _keys_in_the_code() -> set[str]:
    rooms = [Path("src/carnet") / room for room in ("access", "console", "identity", "services")]
    files = [Path("src/carnet/policy/context_keys.py"), *(path for room in rooms for path in room.rglob("*.py"))]
    texts = {text for path in files for text in _texts(path)}
    return {text for text in texts if KEY.fullmatch(text) and not ACTIONS.match(text)}


def test_the_page_lists_the_keys_of_the_code() -> None:
    rows = "\n".join(line for line in PAGE.splitlines() if line.startswith("| `"))
    listed = {
        key.removesuffix("...") for key in re.findall(r"`((?:account|aws|ec2|sso|sts|iam):[A-Za-z0-9/.-]+)`", rows)
    }
    assert listed == _keys_in_the_code()
