"""Address ranges hold what the networks they were made of hold."""

from __future__ import annotations

from ipaddress import IPv4Address, IPv6Address

from hypothesis import example, given
from hypothesis import strategies as st

from carnet.policy.engine.addresses import AddressRanges
from carnet.policy.values import read_address, read_network

V4 = st.integers(0, 15).map(lambda low: str(IPv4Address(0x0A000000 + low)))
V6 = st.integers(0, 15).map(lambda low: str(IPv6Address((0x20010DB8 << 96) + low)))
MAPPED = V4.map("::ffff:".__add__)
NETWORKS = st.one_of(
    st.tuples(V4, st.integers(26, 32)), st.tuples(V6, st.integers(122, 128)), st.tuples(MAPPED, st.integers(90, 128))
).map(lambda parts: f"{parts[0]}/{parts[1]}")
TEXTS = st.one_of(
    V4, V6, MAPPED, st.text("0123456789abcdef:.%/ \0", max_size=20), st.ip_addresses().map(str), st.text()
)


@given(st.lists(NETWORKS, max_size=6), TEXTS)
@example(["10.0.0.0/8"], "010.0.0.1")
@example(["10.0.0.0/8"], "10.1")
@example(["::/0"], "00001::")
@example(["::/0"], "fe80::1%eth0")
@example(["::/0"], "::ffff:10.0.0.1")
@example(["0.0.0.0/0"], "1.2.3.4\0")
@example(["0.0.0.0/0"], "١.2.3.4")
@example(["::/0"], "1:2:3:4:5:6:7::")
def test_they_agree_with_the_networks(texts: list[str], actual: str) -> None:
    networks = [network for network in map(read_network, texts) if network is not None]
    address = read_address(actual)
    held = any(address is not None and address.version == one.version and address in one for one in networks)

    assert (actual in AddressRanges(networks)) is held
