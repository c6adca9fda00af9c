"""The form: what is wrong stays in it, with all that was typed."""

from __future__ import annotations

from typing import Any

import pytest
from django.http import QueryDict

from kc_exchange.forms import ImpersonationForm
from kc_exchange.models import ImpersonationGrant
from tests.admin.office import REASON

ALL = ImpersonationGrant.Mode.values
GOOD = {"reason": REASON, "minutes": "15", "mode": "read-only"}


def posted(**changes: Any) -> QueryDict:
    """Return the form as a browser sends it; a list is sent as several values."""
    data = QueryDict(mutable=True)
    for name, value in {**GOOD, **changes}.items():
        values = value if isinstance(value, list) else [value]
        data.setlist(name, [v for v in values if v is not None])
    return data


def wrong(modes: Any = ALL, **changes: Any) -> set[str]:
    form = ImpersonationForm(posted(**changes), modes=modes)
    assert form.is_valid() is not bool(form.errors)
    assert form.terms is None or not form.errors
    form.as_div()
    return set(form.errors)


@pytest.fixture
def categories(settings: Any) -> None:
    limits = {"CATEGORIES": ["question", "fault"], "TICKET_PATTERN": "KILN-[0-9]+"}
    settings.KC_EXCHANGE = {**settings.KC_EXCHANGE, "IMPERSONATION": limits}


def test_form__good() -> None:
    form = ImpersonationForm(posted(), modes=ALL)

    assert form.is_valid()
    assert form.terms is not None
    assert (form.terms.reason, form.terms.minutes) == (REASON, 15)
    assert form.terms.mode == "read-only"


def test_form__read_only_is_chosen_before() -> None:
    """Whoever changes nothing in the form gets to read, for the usual time."""
    html = ImpersonationForm(modes=ALL).as_div()

    assert 'value="read-only" required id="id_mode_0" checked' in html
    assert html.count("checked") == 1
    assert 'name="minutes" value="15" min="1" max="60"' in html


def test_form__offers_what_the_operator_may() -> None:
    assert "read-write" not in ImpersonationForm(modes=["read-only"]).as_div()


def test_form__leaves_what_was_not_offered_to_the_start() -> None:
    """It is refused there, and recorded, which a form does not do."""
    assert wrong(modes=["read-only"], mode="read-write") == set()
    assert wrong(mode="everything") == {"mode"}


@pytest.mark.parametrize(
    "reason",
    [
        None,
        "",
        "          ",
        "\N{NO-BREAK SPACE}" * 20,
        "\N{ZERO WIDTH SPACE}" * 20,
        "\N{BRAILLE PATTERN BLANK}" * 20,
        "\N{HANGUL FILLER}" * 20,
        "\r\n" * 20,
        "x",
        "123456789",
        "x" * 1_001,
        "x" * 1_000_000,
        "x" * 10_000_000,
    ],
    ids=lambda reason: ascii(reason)[:16],
)
def test_d05__reason_missing_or_too_long(reason: str | None) -> None:
    """D5: nothing to read, or more than anybody reads, is a mistake in the field."""
    assert wrong(reason=reason) == {"reason"}


@pytest.mark.parametrize(
    "reason", ["1234567890", "x" * 1_000, "ten\r\nlines\r\n" * 90, " 1234567890 "]
)
def test_d05__reason_at_the_limits(reason: str) -> None:
    """D5: ten and a thousand characters are in; a line break counts once."""
    assert wrong(reason=reason) == set()


@pytest.mark.parametrize("name", ["reason", "ticket", "minutes", "mode"])
def test_d06__nul(name: str) -> None:
    """D6: a NUL, which PostgreSQL cannot store, is a mistake in the field."""
    assert wrong(**{name: "KILN-1 and more of it\x00"}) == {name}


@pytest.mark.parametrize("name", ["reason", "ticket"])
def test_d07__lone_surrogate(name: str) -> None:
    """D7: half a character cannot be stored; a form cannot send it, a program can."""
    assert wrong(**{name: "half a character \ud800"}) == {name}


@pytest.mark.parametrize(
    "reason",
    [
        "see \u202eexe.txt\u202c for more",
        "see \u2066isolated\u2069 text here",
        "zero\u200bwidth\u200dspaces",
        "\u0430dmin asks for it",  # a Cyrillic a
        "Za\u0301\u0302\u0303\u0304\u0305\u0306lgo is here",
        "a non-character \uffff here",
        "\N{FLEXED BICEPS}\N{EMOJI MODIFIER FITZPATRICK TYPE-3} strong reason",
    ],
)
def test_d08__strange_but_harmless(reason: str) -> None:
    """D8: what can be stored and shown is taken as it is, to the character."""
    form = ImpersonationForm(posted(reason=reason), modes=ALL)

    assert form.is_valid()
    assert form.terms is not None
    assert form.terms.reason == reason


@pytest.mark.parametrize("control", ["\x1b[2J", "\x07", "\x7f", "\x85", "\x00"])
def test_d09__control_characters(control: str) -> None:
    """D9: what acts on a terminal is a mistake; line breaks are none."""
    assert wrong(reason=f"a good {control} reason") == {"reason"}
    assert wrong(reason="two lines\r\nof one reason") == set()


def test_d13__sent_twice() -> None:
    """D13: of two values none is taken, for any field."""
    assert wrong(mode=["read-only", "read-write"]) == {"mode"}
    assert wrong(minutes=["5", "60"]) == {"minutes"}
    assert wrong(reason=[REASON, "another reason"]) == {"reason"}
    assert wrong(**{"reason[]": ["a", "b"]}) == set()


@pytest.mark.parametrize(
    "minutes",
    ["0", "-1", "61", "1e1", "15.5", "NaN", "inf", "9" * 19, "9" * 5_000, "0x10", "x"],
)
def test_form__minutes(minutes: str) -> None:
    assert wrong(minutes=minutes) == {"minutes"}


def test_form__tells_all_mistakes_at_once() -> None:
    assert wrong(reason="x", minutes="0", mode="all", ticket="a\x1bb") == {
        "reason",
        "minutes",
        "mode",
        "ticket",
    }


def test_form__token_in_the_reason() -> None:
    """What looks like a token would be kept for good."""
    token = "eyJhbGciOiJSUzI1NiJ9.eyJzdWIiOiJhbGljZSJ9.c2lnbmF0dXJl"

    assert wrong(reason=f"she sent {token}") == {"reason"}


@pytest.mark.usefixtures("categories")
def test_form__category_and_ticket() -> None:
    """Where the settings name categories one is chosen; a ticket has its form."""
    assert wrong() == {"category"}
    assert wrong(category="gossip") == {"category"}
    assert wrong(category=["fault", "question"]) == {"category"}
    assert wrong(category="fault", ticket="4711") == {"ticket"}
    assert wrong(category="fault", ticket=" KILN-4711 ") == set()


def test_form__says_beforehand_how_tickets_look(settings: Any) -> None:
    """In words of the project's own, beside the field and in the mistake."""
    limits = {"TICKET_PATTERN": "KILN-[0-9]+", "TICKET_HELP": "For example KILN-123."}
    settings.KC_EXCHANGE = {**settings.KC_EXCHANGE, "IMPERSONATION": limits}

    form = ImpersonationForm(posted(ticket="4711"), modes=ALL)

    assert form.fields["ticket"].help_text == "For example KILN-123."
    said = "This is not the name of a ticket here. For example KILN-123."
    assert form.errors["ticket"] == [said]


@pytest.mark.usefixtures("categories")
def test_form__without_such_words_the_mistake_names_the_pattern() -> None:
    form = ImpersonationForm(posted(ticket="4711", category="fault"), modes=ALL)

    assert str(form.errors["ticket"][0]).endswith("It has to match KILN-[0-9]+")


def test_form__says_what_the_modes_mean() -> None:
    """Of those that are offered."""
    reading = ImpersonationForm(modes=["read-only"]).fields["mode"].help_text
    both = ImpersonationForm(modes=ALL).fields["mode"].help_text

    assert reading == "Read only: pages open, forms are refused."
    assert both.startswith(f"{reading} Read and write: forms work")


def test_form__no_categories() -> None:
    """Without any the field is not shown, and what is sent for it means nothing."""
    assert "category" not in ImpersonationForm(modes=ALL).as_div()
    assert wrong(category="fault") == set()


def test_form__keeps_what_was_typed() -> None:
    html = ImpersonationForm(posted(reason="<b>", minutes="99"), modes=ALL).as_div()

    assert "&lt;b&gt;" in html
    assert 'value="99"' in html
