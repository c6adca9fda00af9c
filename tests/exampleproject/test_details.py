"""Small things of the shop."""

from __future__ import annotations

from exampleproject.services.seen import seen
from exampleproject.shop.sightings import sighted
from exampleproject.templatetags.shop import clock, day, money


def test_money__is_written_with_cents() -> None:
    assert [money(2400), money(5), money(11605)] == ["€24.00", "€0.05", "€116.05"]


def test_day_and_clock__are_written_for_people() -> None:
    assert day("2026-03-02") == "2 March 2026"
    assert clock(3661) == "01:01:01"


def test_seen__is_of_one_shape() -> None:
    """Keycloak writes a single audience as a string, several as a list."""
    one = seen({"aud": "orders-api", "scope": "b a"})
    several = seen({"aud": ["orders-api", "account"]})
    assert (one["aud"], one["scope"]) == (["orders-api"], ["a", "b"])
    assert (several["aud"], several["scope"]) == (["orders-api", "account"], [])


def test_sighted__knows_a_token_again() -> None:
    """By its id: the token itself never reaches the pages."""
    assert [sighted({"jti": "one"})["cached"] for _ in range(2)] == [False, True]
