"""What is sent to impersonate, what is read of the reply, and what is sent but once."""

from __future__ import annotations

import json
import pickle
import time
from dataclasses import fields
from typing import TYPE_CHECKING

import pytest

from kc_exchange import conf
from kc_exchange.exceptions import ExchangeMisconfigured, ExchangeUnavailable
from kc_exchange.exchange.impersonation import impersonation_form
from kc_exchange.tokens import SubjectToken
from tests.servers import closes, grants, jwt_of, replies, resets, silent
from tests.servers.site import SECRET

if TYPE_CHECKING:
    from tests.exchange.desk import Desk
    from tests.servers import Act

UNAVAILABLE: dict[str, Act] = {
    "500": replies("<html>", 500, kind="text/html"),
    "502": replies("", 502),
    "503": replies("", 503, "Retry-After: 0"),
    "429": replies("", 429, "Retry-After: 0"),
    "closed": closes,
    "reset": resets,
    "silent": silent,
}


def test_sent_form__is_that_of_the_legacy_exchange(desk: Desk) -> None:
    """The type is named, lest it be a refresh token; no audience is."""
    operator = desk.operator()
    desk.act(operator)

    (seen,) = desk.site.keycloak.asked
    assert seen.path == "/realms/shop/token"
    assert seen.form == {
        "grant_type": "urn:ietf:params:oauth:grant-type:token-exchange",
        "requested_subject": "alice",
        "requested_token_type": "urn:ietf:params:oauth:token-type:access_token",
        "scope": "openid",
        "subject_token": operator,
        "subject_token_type": "urn:ietf:params:oauth:token-type:access_token",
    }
    assert SECRET not in str(seen.form)
    assert seen.headers["authorization"].startswith("Basic ")


def test_reply__is_read(desk: Desk) -> None:
    """Who, in which session, until when and with which roles."""
    until = int(time.time()) + 100
    held = {"realm_access": {"roles": ["customer"]}, "exp": until, "jti": "t"}
    held["resource_access"] = {"shop": {"roles": ["read", "write"]}, "empty": {}}
    id_token = jwt_of(sub="alice", sid="session-of-alice")
    desk.site.keycloak.acts = [grants({"id_token": id_token}, held)]

    issued = desk.act()

    assert (issued.subject, issued.session_id) == ("alice", "session-of-alice")
    assert (issued.token_id, issued.expires_at) == ("t", until)
    assert issued.roles == {"customer", "shop/read", "shop/write"}
    assert issued.id_token == id_token
    assert (issued.token.realm, issued.token.expires_at) == ("default", until)


def test_reply__with_nothing_optional(desk: Desk) -> None:
    """No roles, no ID token: both may be missing."""
    issued = desk.act()

    assert (issued.roles, issued.id_token) == (frozenset(), "")


def test_reply__shows_no_token(desk: Desk) -> None:
    """Neither the repr nor a pickle holds the token, or the ID token."""
    id_token = jwt_of(sub="alice", sid="session-of-alice")
    desk.site.keycloak.acts = [grants({"id_token": id_token})]

    issued = desk.act()

    assert issued.token.value not in repr(issued)
    assert id_token not in repr(issued)
    assert repr(issued.id_token) == "'***'"
    with pytest.raises(TypeError):
        pickle.dumps(issued)


def test_refresh_token__is_dropped(desk: Desk) -> None:
    """A refresh token of the target is kept nowhere, even if one comes."""
    desk.site.keycloak.acts = [grants({"refresh_token": "unasked-for"})]

    issued = desk.act()

    values = [str(getattr(issued, member.name)) for member in fields(issued)]
    assert "unasked-for" not in " ".join([*values, issued.token.value])


def test_operator__not_readable(desk: Desk) -> None:
    """An operator's token that is no JWT is Keycloak's to judge."""
    assert desk.act("opaque-token").subject == "alice"


@pytest.mark.parametrize("act", UNAVAILABLE.values(), ids=UNAVAILABLE)
def test_request__is_not_repeated(desk: Desk, act: Act) -> None:
    """It may have arrived: each request that did leaves a session of the target."""
    desk.site.deadline = 1.0  # Enough for a second attempt.
    desk.site.keycloak.acts = [act, grants()]

    desk.refuses(ExchangeUnavailable)

    assert len(desk.site.keycloak.asked) == 1


def test_server_error__that_keycloak_explains(desk: Desk) -> None:
    """It fails on the request itself, so that trying again is no use."""
    body = json.dumps({"error": "unknown_error"})
    desk.site.keycloak.acts = [replies(body, 500)]

    assert "failed on the impersonation" in desk.refuses(ExchangeMisconfigured).cause


@pytest.mark.parametrize(
    ("operator", "target", "says"),
    [
        ("", "", "no user id at Keycloak"),
        ("", "x" * 4_000, "beyond 4000 Keycloak ignores them"),
        ("x" * 20_001, "alice", "operator's token is longer than the 20000"),
    ],
    ids=["no-target", "long-target", "long-token"],
)
def test_length__is_checked_first(
    desk: Desk, operator: str, target: str, says: str
) -> None:
    """What Keycloak would drop, and then issue another token, is never sent."""
    error = desk.refuses(ExchangeMisconfigured, operator, target)

    assert says in error.cause
    assert error.realm == "default"
    assert desk.site.keycloak.requests == []


def test_target__just_short_enough(desk: Desk) -> None:
    """The limit is that of all plain parameters together."""
    form = impersonation_form(
        SubjectToken(value="t"), "x", conf.Realm(alias="a", issuer="i", client_id="c")
    )
    rest = sum(len(name) + len(value) for name, value in form[:4]) - 1
    longest = "x" * (4_000 - rest)
    desk.site.keycloak.acts = [grants({}, {"sub": longest})]

    assert desk.act(target=longest).subject == longest
    desk.refuses(ExchangeMisconfigured, target=longest + "x")
