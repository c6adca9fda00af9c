from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from kc_exchange.capture import newest
from tests.capture.browser import ENGINES

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@pytest.fixture(autouse=True)
def _nothing_remembered() -> Iterator[None]:
    yield
    newest._entries.clear()


@pytest.fixture(params=ENGINES)
def engine(request: pytest.FixtureRequest, settings: Any, tmp_path: Path) -> str:
    """Run the test with every server-side session engine of Django."""
    settings.SESSION_ENGINE = f"django.contrib.sessions.backends.{request.param}"
    settings.SESSION_FILE_PATH = str(tmp_path)
    return str(request.param)
