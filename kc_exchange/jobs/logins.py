"""The login that a row of offline tokens keeps, sealed."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, field, replace
from typing import TYPE_CHECKING

from django.db import router
from django.views.decorators.debug import sensitive_variables

from kc_exchange.capture import box
from kc_exchange.jobs import newer
from kc_exchange.models import OfflineToken
from kc_exchange.tokens import Secret, SubjectToken, claims_of

if TYPE_CHECKING:
    from kc_exchange.tokens import TokenSet

_PURPOSE = b"offline token of a login, v1"
_SALT = "kc_exchange.jobs.offline"


@dataclass(frozen=True, slots=True, kw_only=True)
class Login:
    """What a row keeps of a login, sealed."""

    session_key: str = field(repr=False)
    backend: str
    session_hash: str = field(repr=False)
    realm: str
    refresh_token: str = field(repr=False)
    access_token: str = field(repr=False)
    expires_at: float

    @property
    def subject(self) -> SubjectToken:
        """The access token, as a subject token."""
        return SubjectToken(
            value=self.access_token, realm=self.realm, expires_at=self.expires_at
        )

    @property
    def offline(self) -> SubjectToken:
        """The offline token, to be revoked."""
        return SubjectToken(value=self.refresh_token, realm=self.realm)


def is_offline(tokens: TokenSet) -> bool:
    """Whether a login asked for `offline_access`, by its refresh token's type."""
    return claims_of(tokens.refresh_token).get("typ") == "Offline"


@sensitive_variables()
def opened(row: OfflineToken) -> Login | None:
    """Return what a row keeps, None if it does not open.

    Its tokens are the newest that this process knows of.
    """
    login = _opened(row, row.sealed)
    after = newer.of(row.sealed)
    renewed = None if after == row.sealed else _opened(row, after)
    if login is None or renewed is None:
        return login
    return replace(
        login,
        realm=renewed.realm,
        refresh_token=renewed.refresh_token,
        access_token=renewed.access_token,
        expires_at=renewed.expires_at,
    )


@sensitive_variables()
def _opened(row: OfflineToken, sealed: str) -> Login | None:
    plain = box.opened(sealed, _PURPOSE, _bound_to(row))
    if plain is None:
        return None
    login = Login(**json.loads(plain))
    return replace(
        login,
        refresh_token=Secret(login.refresh_token),
        access_token=Secret(login.access_token),
    )


@sensitive_variables()
def write(row: OfflineToken, login: Login) -> None:
    """Seal `login` into `row`; the caller saves it."""
    plain = json.dumps(asdict(login), separators=(",", ":")).encode()
    row.sealed = box.close(plain, _PURPOSE, _bound_to(row))
    row.session_digest = digests(login.session_key)[0]


@sensitive_variables()
def rewrite(row: OfflineToken, login: Login) -> None:
    """Do as `write` does, and remember it should the transaction be rolled back."""
    before = row.sealed
    write(row, login)
    newer.remember(before, row.sealed)


@sensitive_variables()
def with_tokens(login: Login, tokens: TokenSet) -> Login:
    """Return `login` with what a refresh brought."""
    return replace(
        login,
        refresh_token=tokens.refresh_token or login.refresh_token,
        access_token=tokens.access_token,
        expires_at=tokens.expires_at,
        realm=tokens.realm,
    )


@sensitive_variables()
def digests(*what: str) -> list[str]:
    """Return what a row may be found by; the first is what one is written with."""
    return box.digests(_SALT, json.dumps(what))


def alias() -> str:
    """Return the database that holds the rows."""
    return router.db_for_write(OfflineToken)


def _bound_to(row: OfflineToken) -> bytes:
    return b"kc_exchange offline v1\0" + row.pk.bytes
