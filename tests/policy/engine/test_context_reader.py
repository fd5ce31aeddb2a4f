"""Keys are read by their spelling where that is safe, and are found however they are spelled."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from carnet.policy.context_keys import lookup
from carnet.policy.engine import context_reader
from carnet.policy.engine.context_reader import ContextReader, Shape, Shapes
from carnet.policy.request import Context, Value
from tests.policy.builders import request

KEYS = ("aws:SourceIp", "AWS:sourceip", "aws:PrincipalTag/x", "aws:principaltag/X", "aws:ResourceTag/x", "s3:prefix")
NAMESPACES = st.dictionaries(st.sampled_from(KEYS), st.sampled_from(["", "a", "b", (), ("a",), ("a", "b")]))
CONTEXTS = st.builds(Context, principal=NAMESPACES, resource=NAMESPACES, request=NAMESPACES)


def reader(shapes: Shapes, context: Context) -> ContextReader:
    return ContextReader(replace(request(), context=context), shapes.said(context), shapes)


@given(st.lists(CONTEXTS, min_size=1, max_size=4))
def test_every_key_is_read_as_the_written_rule_looks_it_up(contexts: list[Context]) -> None:
    shapes = Shapes()
    for context in (*contexts, *contexts):
        for key in KEYS:
            assert reader(shapes, context).value(key) == lookup(context, key)


def test_what_the_request_says_is_read_plainly_once_the_other_namespaces_are_known() -> None:
    shapes = Shapes()
    context = Context(principal={"aws:username": "a"}, resource={"aws:ResourceTag/x": "b"}, request={"s3:prefix": "c"})

    assert not shapes.said(context)
    assert reader(shapes, context).value("s3:prefix") == "c"
    assert shapes.said(context) is context.request


@pytest.mark.parametrize("namespace", ["principal", "resource"])
def test_what_the_request_says_is_not_read_plainly_where_another_namespace_may_say_it(namespace: str) -> None:
    shapes = Shapes()
    known: dict[str, dict[str, Value]] = {"principal": {"aws:username": "a"}, "resource": {"aws:ResourceTag/x": "b"}}
    known[namespace] |= {"S3:Prefix": "known"}
    context = Context(request={"s3:prefix": "sent"}, **known)

    for _ in range(3):
        assert reader(shapes, context).value("s3:prefix") == "known"
        assert not shapes.said(context)


@given(st.lists(CONTEXTS, min_size=1, max_size=4))
def test_keys_are_found_all_the_same_if_there_is_no_room_to_remember_them(contexts: list[Context]) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(context_reader, "_KEYS_ROOM", 2)
        patch.setattr(context_reader, "_SPELLINGS_ROOM", 1)
        shapes = Shapes()
        for context in (*contexts, *contexts):
            for key in KEYS:
                assert reader(shapes, context).value(key) == lookup(context, key)
    assert len(shapes.places) <= 2


def test_what_is_remembered_of_keys_has_an_end(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(context_reader, "_KEYS_ROOM", 2)
    shapes = Shapes()
    for number in range(5):
        reader(shapes, Context(resource={f"aws:ResourceTag/{number}": "v"})).value("aws:ResourceTag/absent")
        shapes.learn_places(f"s3:{number}")
    assert shapes.resource_keys == {"aws:ResourceTag/0", "aws:ResourceTag/1"}
    assert len(shapes.places) == 2
    monkeypatch.setattr(context_reader, "_SPELLINGS_ROOM", 3)
    shape = Shape(["s3:prefix"])
    assert [shape[key] for key in ("S3:Prefix", "s3:absent", "S3:PREFIX", "s3:prefix")] == [
        "s3:prefix",
        None,
        "s3:prefix",
        "s3:prefix",
    ]
    assert list(shape) == ["s3:prefix", "S3:Prefix", "s3:absent"]
