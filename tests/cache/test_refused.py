"""What Keycloak refused a moment ago is not asked for again."""

from __future__ import annotations

import time
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from kc_exchange import conf, downstream_session
from kc_exchange.cache import Refused
from kc_exchange.conf import Downstream
from kc_exchange.context import using_subject_token
from kc_exchange.exceptions import (
    AudienceNotAvailable,
    ClientAuthFailed,
    ExchangeError,
    ExchangeMisconfigured,
    ExchangeUnavailable,
    SubjectTokenRejected,
    UnexpectedReply,
)
from kc_exchange.sources import FixedSubject, source_for
from kc_exchange.sources.keys import place_key
from kc_exchange.tokens import AccessToken, SubjectToken

if TYPE_CHECKING:
    from collections.abc import Callable

    from kc_exchange.conf import Strategy
    from kc_exchange.testing import EmbeddedKeycloak


def refuse(token: str, kind: type[ExchangeError]) -> ExchangeError:
    with (
        using_subject_token(token),
        downstream_session("orders-api") as session,
        pytest.raises(kind) as caught,
    ):
        session.get("v1/orders")
    return caught.value


def test_denied_user__is_asked_for_once(
    configure: Callable[..., None],
    embedded_keycloak: EmbeddedKeycloak,
    kc_subject_token: Callable[..., str],
) -> None:
    """Each call has an error of its own; another user is asked for on their own."""
    configure(embedded_keycloak, None, DOWNSTREAM={"SCOPES": []})
    alice, bob = kc_subject_token("alice"), kc_subject_token("bob")

    first, second = (refuse(alice, AudienceNotAvailable) for _ in range(2))

    assert first is not second
    assert str(first) == str(second)
    assert len(embedded_keycloak.exchanges) == 1
    refuse(bob, AudienceNotAvailable)
    assert len(embedded_keycloak.exchanges) == 2


def test_misconfigured_downstream__is_asked_for_once_for_all(
    configure: Callable[..., None],
    embedded_keycloak: EmbeddedKeycloak,
    kc_subject_token: Callable[..., str],
    caplog: pytest.LogCaptureFixture,
) -> None:
    """A wrong audience is wrong for everybody, and is logged once."""
    configure(embedded_keycloak, None, DOWNSTREAM={"AUDIENCE": "ordes-api"})

    for name in ("alice", "bob", "alice"):
        refuse(kc_subject_token(name), ExchangeMisconfigured)

    assert len(embedded_keycloak.exchanges) == 1
    assert caplog.text.count("kc_exchange.refused") == 1


def test_token_that_was_made_to_be_refused__shuts_nobody_out(
    configure: Callable[..., None],
    embedded_keycloak: EmbeddedKeycloak,
    kc_subject_token: Callable[..., str],
) -> None:
    """A wrong token is one user's, even where the fix would be in the settings."""
    configure(embedded_keycloak, None)
    others, own = kc_subject_token("bob", client_id="orders-api"), kc_subject_token()
    downstream = conf.current().downstream("orders-api")

    for token in (others, "h." + "x" * 30_000 + ".s", "h.e30.s"):
        refuse(token, ExchangeError)

    assert source_for(downstream, FixedSubject(SubjectToken(value=own))).token().value


@pytest.mark.parametrize("diagnosis", ["switch_off", "audience_unknown", "legacy_off"])
def test_mistake_in_the_settings__is_everybodys(diagnosis: str) -> None:
    """Of the same place alone: another realm's users have settings of their own."""
    refused = Refused()
    asked = Asked(ExchangeMisconfigured(diagnosis=diagnosis))
    with pytest.raises(ExchangeMisconfigured):
        refused.guard(b"bob", b"place", asked, "miss")

    with pytest.raises(ExchangeMisconfigured):
        refused.guard(b"alice", b"place", asked, "miss")
    assert refused.guard(b"alice", b"elsewhere", asked, "miss").value == "a.b.c"


@pytest.mark.parametrize(
    "diagnosis",
    [
        "external_typ_missing",
        "form_too_long",
        "other_provider",
        "request_refused",
        "requester_not_holder",
        "requester_not_in_audience",
        "scope_unknown",
        "subject_not_access_token",
        "token_too_long",
        "",
    ],
)
def test_mistake_that_a_token_can_cause__is_one_users(diagnosis: str) -> None:
    """Or one token, forged or foreign, would switch a downstream off for all."""
    refused = Refused()
    asked = Asked(ExchangeMisconfigured(diagnosis=diagnosis))
    for _ in range(2):
        with pytest.raises(ExchangeMisconfigured):
            refused.guard(b"bob", b"place", asked, "miss")
    assert asked.count == 1

    assert refused.guard(b"alice", b"place", asked, "miss").value == "a.b.c"


@pytest.mark.parametrize("strategy", ["exchange", "cross-realm", "external"])
def test_place__is_of_one_realm_and_one_provider(
    settings: Any, strategy: Strategy
) -> None:
    """What is wrong for one tenant's users is not remembered for another's."""
    own = {"CLIENT_ID": "app", "CLIENT_SECRET": "s"}
    settings.KC_EXCHANGE = {
        "REALMS": {
            name: own | {"ISSUER": f"https://sso.example.com/realms/{name}"}
            for name in ("default", "acme", "globex")
        }
    }
    orders = Downstream(
        name="orders-api", base_url="", audience="orders-api", strategy=strategy
    )
    first = SubjectToken(value="a", realm="acme")
    issuing = conf.current().realm("default")

    key = place_key(orders, issuing, first).digest

    assert key == place_key(orders, issuing, replace(first, value="b")).digest
    for other in (replace(first, realm="globex"), replace(first, provider="github")):
        assert key != place_key(orders, issuing, other).digest


def test_debug__asks_again(
    configure: Callable[..., None],
    embedded_keycloak: EmbeddedKeycloak,
    kc_subject_token: Callable[..., str],
    settings: Any,
) -> None:
    """Who mends Keycloak while developing sees at once whether it helped."""
    settings.DEBUG = True
    configure(embedded_keycloak, None, DOWNSTREAM={"AUDIENCE": "ordes-api"})
    token = kc_subject_token("alice")

    refuse(token, ExchangeMisconfigured)
    refuse(token, ExchangeMisconfigured)

    assert len(embedded_keycloak.exchanges) == 2


class Asked:
    """Raise the errors in turn, then give a token; count the questions."""

    def __init__(self, *errors: ExchangeError) -> None:
        self.errors = list(errors)
        self.count = 0

    def __call__(self, _cached: str) -> AccessToken:
        """Answer as the token endpoint would."""
        self.count += 1
        if self.errors:
            raise self.errors.pop(0)
        return AccessToken(value="a.b.c", expires_at=2e9)


@pytest.mark.parametrize(
    "error",
    [
        ExchangeUnavailable(),
        ClientAuthFailed(),
        UnexpectedReply(),
        ExchangeMisconfigured(diagnosis="provider_failed"),
        ExchangeMisconfigured(diagnosis="tls_failed"),
    ],
    ids=lambda error: error.diagnosis or error.code,
)
def test_outage__is_no_refusal(error: ExchangeError) -> None:
    """What may be over the next moment, or is mended here, is asked for again."""
    refused, asked = Refused(), Asked(error)

    with pytest.raises(type(error)):
        refused.guard(b"key", b"place", asked, "miss")

    assert refused.guard(b"key", b"place", asked, "miss").value == "a.b.c"


def test_refusal__ends() -> None:
    """After its time Keycloak is asked again."""
    refused, asked = Refused(seconds=0.05), Asked(SubjectTokenRejected())
    for _ in range(2):
        with pytest.raises(SubjectTokenRejected):
            refused.guard(b"key", b"place", asked, "miss")
    assert asked.count == 1

    time.sleep(0.06)

    assert refused.guard(b"key", b"place", asked, "miss").value == "a.b.c"


@pytest.mark.parametrize("seconds", [30, 60])
def test_refusal__lasts_as_the_settings_say(settings: Any, seconds: int) -> None:
    """REFUSED_SECONDS, of the settings as they are when Keycloak refuses."""
    settings.KC_EXCHANGE = {**settings.KC_EXCHANGE, "REFUSED_SECONDS": seconds}
    refused, asked = Refused(), Asked(SubjectTokenRejected())
    now = time.monotonic()
    with pytest.raises(SubjectTokenRejected):
        refused.guard(b"key", b"place", asked, "miss")

    _, until = refused._entries[b"key"]
    assert seconds <= until - now < seconds + 20


def test_refusal__is_forgotten_by_hand() -> None:
    """`clear` lets everybody ask at once."""
    refused, asked = Refused(), Asked(SubjectTokenRejected())
    with pytest.raises(SubjectTokenRejected):
        refused.guard(b"key", b"place", asked, "miss")

    refused.clear()

    assert refused.guard(b"key", b"place", asked, "miss").value == "a.b.c"
