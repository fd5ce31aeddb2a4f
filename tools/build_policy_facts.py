"""Makes `carnet/policy/aws_facts.py`: what the decision needs to know of AWS, taken from the catalogue.

    python tools/build_policy_facts.py

The room `policy` lies below the catalogue and loads nothing, so the few facts that it needs are written out for it. Run
this after `build_catalog.py`, or after a change of the catalogue's tables; a test compares.
"""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator
from pathlib import Path

from carnet.catalog import actions
from carnet.catalog.archive import Source
from carnet.catalog.condition_key import ConditionKey, Namespace
from carnet.catalog.condition_keys import condition_key
from carnet.catalog.global_condition_keys import GLOBAL_CONDITION_KEYS
from carnet.entities.entity import name_key
from carnet.policy import context_keys

FILE = Path(context_keys.__file__).with_name("aws_facts.py")

HEAD = '''"""Facts about AWS that a decision rests on. Made by `tools/build_policy_facts.py`; not to be edited.

From the catalogue: {sources}, and AWS's list of
global condition keys (`catalog/global_condition_keys.py`).
"""

from __future__ import annotations
'''


def main() -> None:
    """Write the file."""
    FILE.write_text(source_text(), "utf-8")
    sys.stdout.write(f"{FILE.name}: {FILE.stat().st_size:,} bytes\n")


def source_text() -> str:
    """The module's text."""
    sources = ", ".join(f"{one.name} {one.version} ({one.license})" for one in _sources())
    return HEAD.format(sources=sources) + "".join(_constants())


def _sources() -> Iterator[Source]:
    return (one for one in actions.DATA.archive.sources if "condition keys" in one.gives)


def _constants() -> Iterator[str]:
    yield _names(
        "RCP_SERVICES",
        actions.rcp_services(),
        "Prefixes of the services whose resources RCPs control.\n\n"
        "https://docs.aws.amazon.com/organizations/latest/userguide/orgs_manage_policies_rcps.html#rcp-supported-services\n",
    )
    yield _names(
        "PRINCIPAL_KEYS",
        (name_key(key.name) for key in GLOBAL_CONDITION_KEYS if _is_principals(key)),
        "Condition keys, in lower case, that tell of the principal and its session, whatever their prefix. Those that\n"
        "begin with `context_keys.PRINCIPAL_PREFIX` do so too and are not listed.\n",
    )
    multivalued = {name_key(key.name): key for key in _keys() if key.multivalued}
    yield _names(
        "MULTIVALUED_KEYS",
        (name for name, key in multivalued.items() if not key.is_template),
        "Condition keys, in lower case, that may have several values: those of the type `ArrayOf...`.",
    )
    rows = [(key.fixed_parts[0], _single_ends(key)) for _, key in sorted(multivalued.items()) if key.is_template]
    yield "\nMULTIVALUED_FAMILIES = (\n" + "".join(f"    {_row(*row)},\n" for row in rows) + ")\n"
    yield (
        '"""What multivalued keys begin with whose name ends as a policy\'s author chooses, and the endings of those\n'
        'that are not multivalued."""\n'
    )


def _is_principals(key: ConditionKey) -> bool:
    by_prefix = name_key(key.name).startswith(context_keys.PRINCIPAL_PREFIX)
    return key.namespace is Namespace.PRINCIPAL and not by_prefix


def _keys() -> Iterator[ConditionKey]:
    """Every key of the catalogue, as the catalogue finds it by its name."""
    listed = [key for prefix in actions.services() for key in _of_service(prefix)]
    for name in {key.name for key in (*listed, *GLOBAL_CONDITION_KEYS)}:
        key = condition_key(name)
        if key is not None:
            yield key


def _of_service(prefix: str) -> Iterable[ConditionKey]:
    owner = actions.service(prefix)
    return owner.condition_keys.values() if owner is not None else ()


def _single_ends(family: ConditionKey) -> tuple[str, ...]:
    """The endings of the templates that begin as this one does and have but one value."""
    begin = family.fixed_parts[0]
    others = (key for key in _keys() if key.is_template and key.fixed_parts[0] == begin and not key.multivalued)
    return tuple(sorted({key.fixed_parts[-1] for key in others}))


def _names(constant: str, names: Iterable[str], says: str) -> str:
    lines = "".join(f'        "{name}",\n' for name in sorted(names))
    return f'\n{constant} = frozenset(\n    (\n{lines}    )\n)\n"""{says}"""\n'


def _row(begin: str, ends: tuple[str, ...]) -> str:
    return f'("{begin}", ({"".join(f"{chr(34)}{end}{chr(34)}, " for end in ends).strip()}))'


if __name__ == "__main__":
    main()
