"""What a table of refusals is made of."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from kc_exchange.exceptions import ExchangeError


class Row(NamedTuple):
    """One kind of refusal.

    {client}, {audience}, {provider} and {realm} are filled in.
    """

    error: str
    starts: str
    """How the description starts; empty: however."""
    kind: type[ExchangeError]
    cause: str = ""
    fix: str = ""
    diagnosis: str = ""
    """What is wrong, as one of the words that `doctor` knows more about."""


class Asked(NamedTuple):
    """What was asked for, as far as the words for a refusal need it."""

    audience: str = ""
    provider: str = ""
    rows: tuple[Row, ...] = ()
    """What refusals mean for this grant: the same words can mean something else."""
