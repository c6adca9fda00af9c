"""The target's tokens: what `downstream_session` finds while a grant is open."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import replace
from typing import TYPE_CHECKING, NoReturn

from asgiref.sync import sync_to_async

from kc_exchange import conf
from kc_exchange.exceptions import (
    ExchangeDenied,
    ExchangeError,
    SubjectTokenRejected,
)
from kc_exchange.impersonation import audit, keycloak, tokens
from kc_exchange.impersonation.errors import (
    ForbiddenWhileImpersonating,
    GrantEnded,
    ImpersonationIsLocal,
    ImpersonationRefused,
)
from kc_exchange.impersonation.events import about, handed
from kc_exchange.models import AuditEvent, ImpersonationGrant

if TYPE_CHECKING:
    from kc_exchange.conf import Downstream
    from kc_exchange.exchange import Impersonated
    from kc_exchange.sources import Subject, TokenSource
    from kc_exchange.sources.subjects import Maker
    from kc_exchange.tokens import AccessToken, SubjectToken


class GrantSubject:
    """The target of a grant, as whom downstreams are called.

    Its token is Keycloak's for the target (the first hop); the strategy of a downstream
    exchanges it as it would the user's own. `operator` is whose token asks for it.
    """

    def __init__(self, grant: ImpersonationGrant, operator: Subject) -> None:
        self._grant = grant
        self._operator = operator
        self._held: SubjectToken | None = None
        self._issued: tuple[Impersonated | None, SubjectToken | None] = (None, None)
        self.refused = False
        """Whether Keycloak no longer lets the operator go on."""

    @property
    def captured(self) -> SubjectToken | None:
        """The token, if this request has asked for it before."""
        return self._held

    def token(self) -> SubjectToken:
        """Return the target's token; raise `ImpersonationIsLocal` without one."""
        if self._grant.is_local:
            raise ImpersonationIsLocal
        if self._held is None:
            known = tokens.current(self._grant.pk)
            self._held = self._obtain(None) if known is None else known
        return self._held

    def renew(self, rejected: SubjectToken) -> SubjectToken:
        """Return a newer token: another request's, or one obtained now."""
        known = tokens.current(self._grant.pk)
        if known is not None and known.value != rejected.value:
            self._held = known
        else:
            self._held = self._obtain(rejected)
        return self._held

    def source(self, downstream: Downstream, make: Maker) -> TokenSource:
        """Return what has the target's tokens, each recorded before it is used."""
        if downstream.strategy == "exchange" and not self._grant.is_local:
            alias = self._realm_for(downstream)
            downstream = replace(downstream, strategy="impersonate", realm=alias)
        return RecordedSource(self._grant, downstream, make(downstream, self))

    def settle(self) -> None:
        """Keep a token obtained in a transaction that was rolled back.

        Call it when the view's transaction is over: what is not kept could not be
        revoked. If the grant ended meanwhile, it is revoked now.
        """
        (issued, rejected), self._issued = self._issued, (None, None)
        if issued is None:
            return
        known = tokens.current(self._grant.pk)
        if known is None or known.value != issued.token.value:
            with suppress(GrantEnded):
                tokens.replace_current(self._grant, issued, rejected)
        retire(self._grant)

    def _realm_for(self, downstream: Downstream) -> str:
        """Return who exchanges: the client that impersonates, if it is of that realm.

        Another realm's service stays that realm's, and the exchange is refused.
        """
        settings = conf.current()
        own = settings.realm(self._grant.realm)
        there = settings.realm(downstream.realm) if downstream.realm else own
        return own.alias if own.issuer == there.issuer else there.alias

    def _obtain(self, rejected: SubjectToken | None) -> SubjectToken:
        try:
            issued = keycloak.hop(self._operator, self._grant)
        except (SubjectTokenRejected, ExchangeDenied, ImpersonationRefused):
            self.refused = True
            raise
        kept = tokens.replace_current(self._grant, issued, rejected)
        if kept is issued.token:
            self._issued = (issued, rejected)
        return kept


class RecordedSource:
    """A source under a grant: asks whether it is open, and records each new token."""

    def __init__(
        self, grant: ImpersonationGrant, downstream: Downstream, source: TokenSource
    ) -> None:
        self._grant = grant
        self._downstream = downstream
        self._source = source
        self._recorded = ""

    def token(self) -> AccessToken:
        """Return the token, once it is recorded."""
        self._refuse_after_end()
        try:
            token = self._source.token()
        except ExchangeError as error:
            self._record(AuditEvent.Type.TOKEN_DENIED, code=error.code)
            raise
        return self._handed(token)

    async def atoken(self) -> AccessToken:
        """Do as `token` does, for an event loop."""
        await sync_to_async(self._refuse_after_end)()
        try:
            token = await self._source.atoken()
        except ExchangeError as error:
            denied = AuditEvent.Type.TOKEN_DENIED
            await sync_to_async(self._record)(denied, code=error.code)
            raise
        if token.value == self._recorded:
            return self._capped(token)
        return await sync_to_async(self._handed)(token)

    def discard(self, token: AccessToken) -> None:
        """Never return `token` again."""
        self._source.discard(token)

    def _refuse_after_end(self) -> None:
        """A session may outlive its request, in a thread or in a stream."""
        if self._grant.is_local:
            self._deny(ImpersonationIsLocal())
        if self._downstream.strategy == "linked":
            self._deny(
                ForbiddenWhileImpersonating(
                    "The target's account at another provider is not the operator's "
                    "to use.",
                    "Let the person themself do this.",
                )
            )
        if not ImpersonationGrant.objects.in_force(self._grant.pk).exists():
            raise GrantEnded

    def _handed(self, token: AccessToken) -> AccessToken:
        if token.value != self._recorded:
            self._record(AuditEvent.Type.TOKEN_ISSUED, **handed(token))
            self._recorded = token.value
        return self._capped(token)

    def _capped(self, token: AccessToken) -> AccessToken:
        """No token is used longer than the grant lasts."""
        end = self._grant.expires_at.timestamp()
        return token if token.expires_at <= end else replace(token, expires_at=end)

    def _deny(self, error: ExchangeError) -> NoReturn:
        self._record(AuditEvent.Type.TOKEN_DENIED, code=error.code)
        raise error

    def _record(self, kind: str, *, code: str = "", **details: object) -> None:
        event = about(
            self._grant,
            kind,
            outcome="failure" if code else "success",
            code=code,
            audience=self._downstream.audience,
            strategy=self._downstream.strategy,
            **details,
        )
        audit.record(event)


def retire(grant: ImpersonationGrant) -> None:
    """Revoke what a grant leaves at Keycloak; what fails waits for the next sweep."""
    for row in tokens.waiting(grant):
        tokens.revoke(row, grant)
