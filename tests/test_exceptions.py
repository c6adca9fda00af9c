"""The tree of errors: complete, without secrets, and safe to hand around."""

from __future__ import annotations

import copy
import pickle

import pytest

from kc_exchange import exceptions
from kc_exchange.exceptions import ExchangeError, ExchangeUnavailable, printable
from tests.servers import jwt_of

KINDS = [
    kind
    for kind in vars(exceptions).values()
    if isinstance(kind, type) and issubclass(kind, ExchangeError)
]


@pytest.mark.parametrize("kind", KINDS)
def test_error__says_cause_and_fix(kind: type[ExchangeError]) -> None:
    """Whoever reads it knows what happened and what to do."""
    error = kind()

    assert error.cause.endswith((".", "?"))
    assert error.fix.endswith((".", "?"))
    assert str(error) == f"{error.cause} Fix: {error.fix}"
    assert 400 <= error.http_status < 600


@pytest.mark.parametrize("kind", KINDS)
def test_error__is_drawn_in_the_tree(kind: type[ExchangeError]) -> None:
    """The tree at the top of the module lists it, below its parent."""
    lines = (exceptions.__doc__ or "").splitlines()
    (line,) = (ln for ln in lines if ln.strip("│├└─ ").split()[:1] == [kind.__name__])
    depth = len(line) - len(line.lstrip("│├└─ "))

    assert depth == 4 * (kind.__mro__.index(ExchangeError))


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("copied", [copy.copy, copy.deepcopy, "pickle", "fresh"])
def test_error__is_copied_whole(kind: type[ExchangeError], copied: object) -> None:
    """A worker process or another thread gets the same error, without a traceback."""
    error = kind(
        "A cause.", "A fix.", error="e", description="d", status=400, audience="a"
    )
    error.note = "set later"  # type: ignore[attr-defined]
    try:
        raise error
    except ExchangeError:
        pass

    if copied == "pickle":
        other = pickle.loads(pickle.dumps(error))  # noqa: S301
    else:
        other = error.fresh() if copied == "fresh" else copied(error)  # type: ignore[operator]

    assert type(other) is kind
    assert other is not error
    assert vars(other) == vars(error)
    assert str(other) == "A cause. Keycloak said: e d. Fix: A fix."
    assert other.args == error.args
    assert other.__traceback__ is None


def test_fresh__keeps_what_was_set_later() -> None:
    """`retry_after` reaches every waiter."""
    error = ExchangeUnavailable()
    error.retry_after = 7.0

    assert error.fresh().retry_after == 7.0


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("plain", "plain"),
        ("a\r\nb\x1b[2J\u2028\u202e\x00", "a\ufffd\ufffdb\ufffd[2J\ufffd\ufffd\ufffd"),
        ("x" * 400, "x" * 300),
        (None, "None"),
        (f"token {jwt_of(sub='alice')} is bad", "token *** is bad"),
        ("x" * 280 + jwt_of(sub="alice"), "x" * 280 + "***"),
        ("eyJhbGciOiJSUzI1NiJ9", "***"),
    ],
)
def test_printable__leaves_nothing_to_act_on(text: object, shown: str) -> None:
    """Controls, length and tokens of the peer's text are gone."""
    assert printable(text) == shown


def test_error__never_holds_a_token() -> None:
    """A peer that repeats the token gets it neither into str nor into repr."""
    token = jwt_of(sub="alice")

    error = ExchangeError(error=token, description=f"bad token: {token}")

    assert token.partition(".")[0] not in str(error) + repr(error) + repr(vars(error))
