"""The events of a grant, as the record gets them."""

from __future__ import annotations

from hashlib import sha256
from typing import TYPE_CHECKING, Any

from kc_exchange import conf
from kc_exchange.exceptions import masked, printable
from kc_exchange.impersonation.address import client_address
from kc_exchange.impersonation.audit import Event
from kc_exchange.impersonation.people import operator_of, target_of
from kc_exchange.tokens import claims_of

if TYPE_CHECKING:
    from django.http import HttpRequest

    from kc_exchange.models import ImpersonationGrant
    from kc_exchange.tokens import AccessToken

_PREFIX = 16


def about(
    grant: ImpersonationGrant,
    kind: str,
    *,
    outcome: str = "success",
    code: str = "",
    **details: Any,
) -> Event:
    """Return an event of type `kind` about `grant`."""
    issuer = issuer_of(grant)
    return Event(
        type=kind,
        outcome=outcome,
        code=code,
        operator=operator_of(grant, issuer=issuer),
        target=target_of(grant, issuer=issuer),
        grant=grant.pk,
        details=details,
    )


def issuer_of(grant: ImpersonationGrant) -> str:
    """Return the issuer URL of the grant's realm; empty for a local grant."""
    realm = conf.current().realms.get(grant.realm)
    return realm.issuer if realm else ""


def stated(grant: ImpersonationGrant, ip_source: str = "") -> dict[str, Any]:
    """Return what was stated at the start, for the details of an event."""
    return {
        "reason": grant.reason,
        "ticket": grant.ticket,
        "category": grant.category,
        "mode": grant.mode,
        "expires_at": grant.expires_at.isoformat(timespec="microseconds"),
        "ip": grant.client_address,
        "ip_source": ip_source,
        "ua": grant.user_agent,
        "session": grant.session_digest,
        "realm": grant.realm,
    }


def asked(request: HttpRequest, route: str) -> dict[str, Any]:
    """Return what a request asks for, and where it came from.

    Never its query, its body or its headers, but for the id that a proxy gave it.
    """
    return {
        "method": printable(request.method or "")[:_PREFIX],
        "route": route,
        "path": masked(request.path),
        "ip": client_address(request)[0],
        "request_id": printable(request.headers.get("X-Request-ID", ""))[:100],
    }


def handed(token: AccessToken) -> dict[str, Any]:
    """Return what the record keeps of a token: nothing that could be used."""
    claims = claims_of(token.value)
    return {
        "scope": " ".join(sorted(token.scope)),
        "jti": str(claims.get("jti", "")),
        "sid": str(claims.get("sid", "")),
        "exp": int(token.expires_at),
        "sha256": sha256(token.value.encode()).hexdigest()[:_PREFIX],
    }
