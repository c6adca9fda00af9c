"""Walk the whole way without a browser, and print what held."""

from __future__ import annotations

import time
from contextlib import closing
from typing import TYPE_CHECKING, Any

import requests

from exampleproject.demo import beyond, keycloak, record, support
from exampleproject.demo.failure import DemoFailed
from exampleproject.demo.steps import Walk, steps
from exampleproject.demo.visitor import Visitor

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from exampleproject.demo.stack import Stack

_PERSON, _OPERATOR, _OTHERS = "alice", "sue", "nora"


def run(stack: Stack, write: Callable[[str], Any]) -> None:
    """Walk step by step; `write` gets a line for each.

    Raises:
        DemoFailed: a step did not hold.
    """
    started = time.monotonic()
    passwords = {one.name: one.password for one in keycloak.accounts()}
    write(f"Keycloak {stack.issuer}\nThe shop {stack.shop}")
    write("One step waits until the login's token expires.\n")
    with (
        closing(Visitor(stack.shop)) as visitor,
        closing(Visitor(stack.shop)) as sue,
    ):
        walk = Walk(stack, visitor, passwords[_PERSON])
        operator = support.Support(stack, sue, passwords[_OPERATOR])
        for name, step in [
            *steps(walk),
            *beyond.steps(beyond.Beyond(stack, passwords[_PERSON], passwords[_OTHERS])),
            *support.steps(operator),
            *record.steps(record.Record(stack)),
        ]:
            for line, claims in _tried(name, step):
                write(f"ok  {name:<14}  {line}{_shown(claims)}")
    write(f"\nEverything held, in {time.monotonic() - started:.0f} s.")


def _tried(name: str, step: Callable[[], Any]) -> Any:
    try:
        return step()
    except DemoFailed as failure:
        raise DemoFailed(f"{name}: {failure.cause}", failure.fix) from None
    except requests.RequestException as error:
        raise DemoFailed(
            f"{name}: the shop or Keycloak does not answer ({type(error).__name__}).",
            "Look at what they have said above.",
        ) from None


def _shown(claims: Mapping[str, Any] | None) -> str:
    if claims is None:
        return ""
    audience, scope = " ".join(claims["aud"]), " ".join(claims["scope"])
    indent = "\n" + " " * 20
    return (
        f"{indent}aud={audience} azp={claims['azp']} sub={claims['sub']}"
        f"{indent}scope={scope}"
    )
