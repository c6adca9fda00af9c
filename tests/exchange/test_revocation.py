"""Taking a token back, and ending its session, whatever Keycloak answers."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from kc_exchange import conf, discovery, exchange, transport
from kc_exchange.exceptions import (
    ClientAuthFailed,
    ExchangeError,
    ExchangeMisconfigured,
    ExchangeUnavailable,
    UnexpectedReply,
)
from kc_exchange.tokens import SubjectToken
from tests.servers import (
    assert_tells_nothing,
    closes,
    jwt_of,
    replies,
    resets,
    silent,
)
from tests.servers.site import SECRET

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.servers import Act
    from tests.servers.site import Site

TOKEN = jwt_of(sub="alice", sid="session-of-alice")
DONE = replies("", kind="")
INVALID_TOKEN = replies(json.dumps({"error": "invalid_token"}))


def said(error: str, description: str = "") -> str:
    return json.dumps({"error": error, "error_description": description})


REFUSED: dict[str, tuple[Act, type[ExchangeError], str]] = {
    "another-client": (
        replies(said("invalid_request", "Unmatching clients"), 400),
        ExchangeMisconfigured,
        "another client than django-app",
    ),
    "type": (
        replies(said("unsupported_token_type", "Unsupported token type"), 400),
        ExchangeMisconfigured,
        "tokens of this type",
    ),
    "secret": (
        replies(said("unauthorized_client", "Invalid client or Invalid"), 401),
        ClientAuthFailed,
        "",
    ),
    "404": (replies("", 404), UnexpectedReply, "answered 404"),
    "302": (replies("", 302, "Location: /"), UnexpectedReply, "redirects (302)"),
    "204": (replies("", 204), UnexpectedReply, "answered 204"),
    "html": (replies("<html>", kind="text/html"), UnexpectedReply, "not Keycloak's"),
    "json": (replies('{"ok": true}'), UnexpectedReply, "not Keycloak's"),
    "error": (replies(said("slow_down")), UnexpectedReply, "not Keycloak's"),
    "400-html": (replies("<html>", 400, kind="text/html"), UnexpectedReply, "400"),
    "500": (replies("", 500), ExchangeUnavailable, "500"),
    "429": (replies("", 429), ExchangeUnavailable, "fewer requests"),
}
PASSING: dict[str, Act] = {
    "502": replies("", 502),
    "503": replies("", 503, "Retry-After: 0"),
    "closed": closes,
    "reset": resets,
}


@pytest.fixture
def ended(site: Site) -> Site:
    """Give a site whose Keycloak revokes, and ends sessions."""
    issuer = site.keycloak.issuer
    site.keycloak.discovery = {
        "revocation_endpoint": f"{issuer}/revoke",
        "end_session_endpoint": f"{issuer}/logout",
    }
    site.keycloak.acts = [DONE]
    site.deadline = 1.0
    return site


def realm_of(site: Site) -> conf.Realm:
    site.configure()
    return conf.current().realm("default")


def revoke(site: Site) -> None:
    exchange.revoke(SubjectToken(value=TOKEN), realm_of(site))


def end_session(site: Site) -> None:
    exchange.end_session(TOKEN, realm_of(site))


def refuses(
    site: Site, call: Callable[[Site], None], kind: type[ExchangeError]
) -> ExchangeError:
    """Call in vain; the error has a cause, a fix and no secret."""
    with pytest.raises(kind) as caught:
        call(site)
    assert caught.value.cause
    assert caught.value.fix
    assert_tells_nothing(caught.value, site.log.text, TOKEN, SECRET)
    return caught.value


def test_revoke__sends_what_rfc_7009_says(ended: Site) -> None:
    """The token in the form, the client's secret in the header."""
    revoke(ended)

    (seen,) = ended.keycloak.asked
    assert (seen.method, seen.path) == ("POST", "/realms/shop/revoke")
    assert seen.form == {"token": TOKEN, "token_type_hint": "access_token"}
    assert seen.headers["authorization"].startswith("Basic ")


@pytest.mark.parametrize("act", [DONE, INVALID_TOKEN], ids=["empty", "over-already"])
def test_revoke__is_done(ended: Site, act: Act) -> None:
    """Keycloak says nothing, or that the token was over before."""
    ended.keycloak.acts = [act]

    revoke(ended)

    assert len(ended.keycloak.asked) == 1


@pytest.mark.parametrize("act", PASSING.values(), ids=PASSING)
def test_revoke__is_repeated(ended: Site, act: Act) -> None:
    """What passes by is tried once more: to revoke twice does no harm."""
    ended.keycloak.acts = [act, DONE]

    revoke(ended)

    assert len(ended.keycloak.asked) == 2


@pytest.mark.parametrize("act", [*PASSING.values(), silent], ids=[*PASSING, "silent"])
def test_revoke__keycloak_is_away(ended: Site, act: Act) -> None:
    """Then the caller is told to revoke again later."""
    ended.keycloak.acts = [act]

    refuses(ended, revoke, ExchangeUnavailable)


@pytest.mark.parametrize(("act", "kind", "says"), REFUSED.values(), ids=REFUSED)
def test_revoke__refused(
    ended: Site, act: Act, kind: type[ExchangeError], says: str
) -> None:
    """Nothing but Keycloak's own answer counts as done."""
    ended.keycloak.acts = [act]

    error = refuses(ended, revoke, kind)

    assert says in error.cause
    assert type(error) is kind
    assert len(ended.keycloak.asked) == 1


def test_end_session__sends_the_hint_alone(ended: Site) -> None:
    """The endpoint is the browser's: no secret of the client goes there."""
    end_session(ended)

    (seen,) = ended.keycloak.asked
    assert (seen.method, seen.path) == ("POST", "/realms/shop/logout")
    assert seen.form == {"id_token_hint": TOKEN, "client_id": "django-app"}
    assert "authorization" not in seen.headers


def test_end_session__is_answered_by_a_page(ended: Site) -> None:
    """Keycloak shows whoever asks that the session is over."""
    ended.keycloak.acts = [replies("<html>You are logged out", kind="text/html")]

    end_session(ended)


@pytest.mark.parametrize(
    ("act", "kind", "says"),
    [
        (replies("<html>", 400, kind="text/html"), ExchangeMisconfigured, "(400)"),
        (replies("", 302, "Location: /"), ExchangeMisconfigured, "(302)"),
        (replies("", 404), ExchangeMisconfigured, "(404)"),
        (replies("", 500), ExchangeUnavailable, "500"),
        (replies("", 503), ExchangeUnavailable, "503"),
        (replies("", 429), ExchangeUnavailable, "429"),
        (resets, ExchangeUnavailable, ""),
        (silent, ExchangeUnavailable, "deadline"),
    ],
    ids=["400", "302", "404", "500", "503", "429", "reset", "silent"],
)
def test_end_session__refused(
    ended: Site, act: Act, kind: type[ExchangeError], says: str
) -> None:
    """What is not 200 did not end the session."""
    ended.keycloak.acts = [act]

    assert says in refuses(ended, end_session, kind).cause


@pytest.mark.parametrize("url", [None, "", 5, "file:///etc/passwd", "ftp://x/revoke"])
@pytest.mark.parametrize(
    ("call", "name"),
    [(revoke, "revocation_endpoint"), (end_session, "end_session_endpoint")],
)
def test_endpoint__is_not_in_the_document(
    ended: Site, call: Callable[[Site], None], name: str, url: Any
) -> None:
    """Both are optional there (RFC 8414); without them nothing is sent anywhere."""
    ended.keycloak.discovery = {name: url}

    error = refuses(ended, call, ExchangeMisconfigured)

    assert f"names no usable {name}" in error.cause
    assert "DISCOVERY_URL" in error.fix
    assert ended.keycloak.asked == []


def test_endpoints__by_certificate_are_the_aliases(ended: Site) -> None:
    """RFC 8705 section 5: revocation goes where the token endpoint's alias is."""
    issuer = ended.keycloak.issuer
    aliases = {"revocation_endpoint": f"{issuer}/mtls/revoke"}
    ended.keycloak.discovery = {
        "revocation_endpoint": f"{issuer}/revoke",
        "mtls_endpoint_aliases": aliases,
    }
    plain = realm_of(ended)
    by_certificate = conf.Realm(
        alias="default",
        issuer=issuer,
        client_id="django-app",
        client_auth="tls_client_auth",
    )

    found = [
        discovery.endpoints(realm, transport.Deadline(1.0)).revocation
        for realm in (plain, by_certificate)
    ]

    assert found == [f"{issuer}/revoke", f"{issuer}/mtls/revoke"]
