"""What may be asked of a realm: methods that answer to a pattern of paths."""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote

if TYPE_CHECKING:
    from collections.abc import Callable

Json = dict[str, Any]
ROUTES: list[tuple[str, str, Callable[..., Any]]] = []
_ONE = "([^/]+)"


class NoFeature(Exception):
    """The server has no such feature."""


class Refused(Exception):
    """Keycloak's own sentence, with its status."""

    def __init__(self, sentence: str, status: int = 409) -> None:
        super().__init__(sentence)
        self.status = status


def route(method: str, pattern: str) -> Callable[..., Any]:
    """Let a method answer; `*` is one segment of the path, given to it decoded."""

    def kept(answer: Callable[..., Any]) -> Callable[..., Any]:
        def decoded(realm: Any, *found: str | None, **asked: Any) -> Any:
            return answer(realm, *(unquote(one or "") for one in found), **asked)

        ROUTES.append((method, pattern.replace("*", _ONE), decoded))
        return answer

    return kept


def new_id() -> str:
    """An id as Keycloak makes them."""
    return str(uuid.uuid4())
