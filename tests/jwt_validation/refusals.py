"""How every refusal looks to the sender: the same."""

from __future__ import annotations

from typing import Any

import pytest

from kc_exchange.exceptions import InvalidToken
from kc_exchange.jwt_validation import validate

PUBLIC = str(InvalidToken())


def refusal(token: Any, realm: Any, **options: Any) -> str:
    """Validate what must be refused, and return the reason for the log."""
    with pytest.raises(InvalidToken) as caught:
        validate(token, realm, **options)
    error = caught.value
    assert type(error) is InvalidToken
    assert str(error) == PUBLIC
    assert error.reason
    assert not token or str(token) not in error.reason
    return error.reason
