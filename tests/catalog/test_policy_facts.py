"""What the decision knows of AWS is what the catalogue knows."""

from __future__ import annotations

from carnet.catalog.actions import rcp_services
from carnet.catalog.condition_key import Namespace
from carnet.catalog.global_condition_keys import GLOBAL_CONDITION_KEYS
from carnet.entities.entity import name_key
from carnet.policy.aws_facts import RCP_SERVICES
from carnet.policy.context_keys import is_multivalued, namespaces
from carnet.policy.request import Context
from tools.build_policy_facts import FILE, source_text


def test_the_facts_are_made_from_this_catalogue() -> None:
    assert FILE.read_text("utf-8") == source_text()


def test_rule_and_catalogue_know_the_same_services_that_rcps_control() -> None:
    assert rcp_services() == RCP_SERVICES
    assert len(RCP_SERVICES) == 62


def test_every_global_key_is_read_from_its_namespace() -> None:
    context = Context(principal={"p": ""}, request={"q": ""}, resource={"r": ""})
    spaces = {
        Namespace.PRINCIPAL: [context.principal],
        Namespace.RESOURCE: [context.resource],
        Namespace.REQUEST: [context.principal, context.resource, context.request],
    }
    for key in GLOBAL_CONDITION_KEYS:
        assert key.namespace is not None
        assert list(namespaces(context, name_key(key.name))) == spaces[key.namespace], key.name


def test_every_global_key_has_as_many_values_as_the_table_says() -> None:
    for key in GLOBAL_CONDITION_KEYS:
        assert is_multivalued(key.name.replace("${TagKey}", "team")) is key.multivalued, key.name
