"""Word the token endpoint's replies."""

from __future__ import annotations

from typing import Any

from kc_exchange.testing.scopes import words
from kc_exchange.testing.tokens import (
    Issue,
    access_claims,
    refresh_claims,
    sign_access,
    sign_id,
)

Json = dict[str, Any]


def token_reply(
    issue: Issue,
    claims: Json | None = None,
    *,
    refresh: bool,
    identity: bool | None = None,
) -> Json:
    """Return the token endpoint's answer (RFC 6749 section 5.1) as Keycloak words it.

    Args:
        issue: for whom and what the tokens are.
        claims: the access token's claims if they were already written.
        refresh: whether a refresh token comes along.
        identity: whether an ID token comes along; None: if `openid` was asked for.
    """
    claims = access_claims(issue) if claims is None else claims
    access = sign_access(issue, claims)
    reply: Json = {
        "access_token": access,
        "expires_in": claims["exp"] - claims["iat"],
        "refresh_expires_in": 0,
    }
    if refresh:
        reply |= _refresh_part(issue)
    reply["token_type"] = claims["typ"]
    asked = "openid" in words(issue.noted_scope or issue.scope)
    if asked if identity is None else identity:
        reply["id_token"] = sign_id(issue, access)
    return reply | _closing(issue)


def _refresh_part(issue: Issue) -> Json:
    claims = refresh_claims(issue)
    expires_in = claims["exp"] - claims["iat"] if "exp" in claims else 0
    return {
        "refresh_expires_in": expires_in,
        "refresh_token": issue.server.keys.seal(claims),
    }


def _closing(issue: Issue) -> Json:
    policies = (issue.server.realm, issue.client, issue.user)
    latest = max(policy.not_before for policy in policies)
    closing: Json = {"not-before-policy": latest}
    if issue.session_id is not None:
        closing["session_state"] = issue.session_id
    return closing | {"scope": issue.granted}
