"""Variables of policies that are none, since the policy's version is the older one.

https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_version.html
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from carnet.policy.lint.finding import Finding, IssueCode
from carnet.policy.lint.structure import each, statements
from carnet.policy.shape import VERSIONS

_VARIABLE = re.compile(r"\$\{[^{}]{1,128}\}")


def check_unfilled(document: object) -> Iterator[Finding]:
    """Each text with a variable, if the document has no Version or the first one: there it stands for itself."""
    if not isinstance(document, Mapping) or document.get("Version", VERSIONS[0]) != VERSIONS[0]:
        return
    for path, statement in statements(document):
        for place, text in _texts(statement, path):
            if found := _VARIABLE.search(str(text)):
                yield Finding(
                    code=IssueCode.VARIABLE_UNSUPPORTED_IN_VERSION,
                    path=place,
                    message=f'{found[0]} is a variable only in a policy with "Version": "{VERSIONS[-1]}".',
                )


def _texts(statement: Mapping[str, object], path: str) -> Iterator[tuple[str, object]]:
    for name in ("Resource", "NotResource"):
        yield from each(statement.get(name), f"{path}.{name}")
    conditions = statement.get("Condition")
    for operator, keys in conditions.items() if isinstance(conditions, Mapping) else ():
        for key, values in keys.items():
            yield from each(values, f"{path}.Condition.{operator}.{key}")
