"""HTTP as values: what is found by the name of a header follows from the headers, also of a request made of another."""

from __future__ import annotations

from msgspec.structs import replace

from carnet.base.http import RequestHead

HEAD = RequestHead(method="GET", path="/", query="", headers=(("host", "a"),), peer="127.0.0.1", secure=False)


def test_headers_that_are_set_anew_are_found() -> None:
    """msgspec 0.20 makes the copy without `__post_init__`."""
    other = replace(HEAD, headers=(("host", "b"), ("x", "1"), ("x", "2")))
    assert (other.header("host"), other.header_all("x")) == ("b", ("1", "2"))
    assert replace(other, headers=()).first == {}
