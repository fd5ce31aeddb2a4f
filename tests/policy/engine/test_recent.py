from __future__ import annotations

from carnet.policy.engine.recent import Recent


def test_what_is_used_stays_and_what_is_not_goes() -> None:
    recent: Recent[str, int] = Recent(10)
    recent.put("used", 1)
    for number in range(100):
        recent.put(f"once {number}", number)
        assert recent.get("used") == 1

    assert recent.get("once 99") == 99
    assert recent.get("once 0") is None


def test_it_never_holds_more_than_twice_its_room() -> None:
    recent: Recent[int, int] = Recent(10)
    for number in range(1_000):
        recent.put(number, number)
        assert len(recent) <= 21


def test_heavy_values_take_more_room() -> None:
    recent: Recent[int, list[int]] = Recent(10, len)
    for number in range(10):
        recent.put(number, [0] * 6)

    assert recent.get(9) is not None
    assert len(recent) <= 4


def test_a_turn_has_a_number_of_its_own() -> None:
    recent: Recent[int, int] = Recent(2)
    seen = []
    for number in range(6):
        recent.put(number, number)
        seen.append(recent.generation)
    assert seen == [0, 0, 1, 1, 1, 2]
