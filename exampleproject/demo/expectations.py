"""Expectations, each with cause and fix for when it does not hold."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from exampleproject.demo.failure import DemoFailed

if TYPE_CHECKING:
    from collections.abc import Mapping


def expect(held: bool, cause: str, fix: str) -> None:  # noqa: FBT001 - as assert
    """Raise `DemoFailed` unless it held."""
    if not held:
        raise DemoFailed(cause, fix)


def expect_token(
    seen: Mapping[str, Any], audience: str, scope: str, sub: str, *, by: str = "shop"
) -> None:
    """Raise unless a service saw a token for it alone, for that user, by a client."""
    held = seen["aud"] == [audience] and seen["azp"] == by and seen["sub"] == sub
    expect(
        held and scope in seen["scope"] and seen["act"] is None,
        f"{audience} saw aud={seen['aud']} azp={seen['azp']} sub={seen['sub']}.",
        "Compare the realm's client scopes and audience mappers with its file.",
    )
