"""One row of the table: a request, and what Keycloak makes of it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import pytest

from tests.keycloak.clients import Basic
from tests.keycloak.realms import REALM
from tests.keycloak.servers import ACCESS_TOKEN, EXCHANGE_GRANT
from tests.keycloak.steps import Login

if TYPE_CHECKING:
    from collections.abc import Mapping

    import requests

    from tests.keycloak.clients import Client, Pairs
    from tests.keycloak.servers import Server
    from tests.keycloak.steps import Step

Form = tuple[tuple[str, Any], ...]

_EXCHANGE_KEYS = frozenset(
    {
        "access_token",
        "expires_in",
        "refresh_expires_in",
        "token_type",
        "not-before-policy",
        "session_state",
        "scope",
        "issued_token_type",
    }
)


@dataclass(frozen=True)
class Expect:
    """What a reply must hold; what is not named here may be anything."""

    status: int = 200
    body: Mapping[str, Any] = field(default_factory=dict)
    keys: frozenset[str] | None = None
    claims: Mapping[str, Any] = field(default_factory=dict)
    present: frozenset[str] = frozenset()
    absent: frozenset[str] = frozenset()
    kept: frozenset[str] = frozenset()
    changed: frozenset[str] = frozenset()
    headers: Mapping[str, str] = field(default_factory=dict)
    event: Mapping[str, Any] = field(default_factory=dict)
    grant_event: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Row:
    """A request, said as data, and what is expected of the reply.

    `only` names the feature sets with this answer, where features change it:
    "standard", "legacy", "permissions".
    """

    name: str
    form: Form
    expect: Expect
    client: Client = field(default_factory=Basic)
    path: str = "token"
    headers: tuple[tuple[str, Any], ...] = ()
    only: str = ""
    realm: str = REALM["realm"]

    def ask(self, server: Server) -> tuple[Pairs, requests.Response]:
        """Send the request; return the form as it was sent, too."""
        form = [(name, resolved(value, server)) for name, value in self.form]
        credentials, headers = self.client.sign(server)
        headers |= {name: resolved(value, server) for name, value in self.headers}
        return form, server.post(self.path, form + credentials, headers=headers)


def resolved(value: str | Step, server: Server) -> str:
    """The text of a value that may first have to be obtained."""
    return value if isinstance(value, str) else value.obtain(server)


def exchange_form(subject: Any = None, *, without: Any = (), **changes: Any) -> Form:
    """A whole exchange request, changed; a tuple repeats its parameter."""
    members: dict[str, Any] = {
        "grant_type": EXCHANGE_GRANT,
        "subject_token": Login() if subject is None else subject,
        "subject_token_type": ACCESS_TOKEN,
        "requested_token_type": ACCESS_TOKEN,
        "audience": "orders-api",
        "scope": "orders",
        **changes,
    }
    pairs: list[tuple[str, Any]] = []
    for name, value in members.items():
        if name not in without:
            repeated = value if isinstance(value, tuple) else (value,)
            pairs += [(name, one) for one in repeated]
    return tuple(pairs)


def refused(
    status: int, error: str, description: str | None = None, **event: Any
) -> Expect:
    """A refusal with these two members alone; no description is any description."""
    body = {"error": error}
    if description is not None:
        body["error_description"] = description
    keys = frozenset({"error", "error_description"})
    return Expect(status=status, body=body, keys=keys, event=event)


def issued(
    *aud: str,
    body: Mapping[str, Any] | None = None,
    more_keys: tuple[str, ...] = (),
    fewer_keys: tuple[str, ...] = (),
    kept: tuple[str, ...] = ("sub", "sid"),
    changed: tuple[str, ...] = (),
    event: Mapping[str, Any] | None = None,
    lifetime: int = 300,
    absent: tuple[str, ...] = ("act", "may_act", "cnf"),
    **claims: Any,
) -> Expect:
    """An exchanged access token for these audiences and nobody else."""
    members = {
        "token_type": "Bearer",
        "issued_token_type": ACCESS_TOKEN,
        **(body or {}),
    }
    wanted = {
        # One audience travels as a string, several as a list.
        "aud": aud[0] if len(aud) == 1 else set(aud),
        "azp": "django-app",
        "typ": "Bearer",
        "lifetime": pytest.approx(lifetime, abs=1),
        **claims,
    }
    return Expect(
        body=members,
        keys=(_EXCHANGE_KEYS | set(more_keys)) - set(fewer_keys),
        claims=wanted,
        kept=frozenset(kept),
        changed=frozenset(changed),
        absent=frozenset(absent),
        event=event or {},
    )


def verify(row: Row, server: Server) -> None:
    """Ask the server's realm and hold its reply against the row."""
    server = server.of(row.realm)
    form, reply = row.ask(server)
    expect = row.expect
    body = reply.json() if reply.content else {}
    seen = {"status": reply.status_code, **shown(body, expect.body)}
    assert seen == {"status": expect.status, **expect.body}, outline(body)
    if expect.keys is not None:
        assert set(body) == expect.keys
    seen_headers = {name: reply.headers.get(name) for name in expect.headers}
    assert seen_headers == dict(expect.headers)
    if expect.claims:
        verify_claims(expect, server, body, dict(form))
    if expect.event:
        assert shown(server.admin.last_exchange(), expect.event) == expect.event
    if expect.grant_event:
        told = shown(server.admin.last_grant(), expect.grant_event)
        assert told == expect.grant_event


def verify_claims(
    expect: Expect, server: Server, body: dict[str, Any], form: dict[str, str]
) -> None:
    """Hold the claims of the issued token against the row."""
    claims = server.claims(body["access_token"])
    claims["lifetime"] = claims["exp"] - claims["iat"]
    assert 0 <= claims["lifetime"] - body["expires_in"] <= 2
    assert shown(claims, expect.claims) == expect.claims
    assert expect.present <= set(claims)
    assert not expect.absent & set(claims)
    assert body.get("session_state") == claims.get("sid")
    if expect.kept or expect.changed:
        before = server.claims(form["subject_token"])
        for name in expect.kept:
            assert claims.get(name) == before.get(name), name
        for name in expect.changed:
            assert claims.get(name) != before.get(name), name


def shown(members: Mapping[str, Any], wanted: Mapping[str, Any]) -> dict[str, Any]:
    """The members that were asked for, sets as sets, missing ones as None."""
    return {name: normal(name, members.get(name)) for name in wanted}


def normal(name: str, value: Any) -> Any:
    """A member as it is compared: without an order where it has none."""
    if name == "scope" and isinstance(value, str):
        return set(value.split())
    return set(value) if name == "aud" and isinstance(value, list) else value


def outline(body: Mapping[str, Any]) -> dict[str, Any]:
    """A reply without its tokens, for the message of a failing test."""
    return {name: value for name, value in body.items() if "token" not in name}
