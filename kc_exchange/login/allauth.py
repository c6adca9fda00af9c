"""Keep the tokens of a login through django-allauth's provider `openid_connect`."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any

from allauth.account.signals import user_logged_in
from allauth.socialaccount.signals import social_account_added
from django.views.decorators.debug import sensitive_variables

from kc_exchange import capture, conf
from kc_exchange.capture.realms import refuse_foreign
from kc_exchange.exceptions import SubjectTokenRejected, UnknownRealm
from kc_exchange.models import remember_identity
from kc_exchange.tokens import TokenSet

if TYPE_CHECKING:
    from allauth.socialaccount.models import SocialLogin, SocialToken
    from django.http import HttpRequest

    from kc_exchange.conf import Realm

logger = logging.getLogger(__name__)

_WELL_KNOWN = "/.well-known/openid-configuration"


def connect() -> None:
    """Listen to allauth's logins; once, however often it is called."""
    for signal in (user_logged_in, social_account_added):
        signal.connect(keep_tokens, dispatch_uid="kc_exchange.login.allauth")


@sensitive_variables()
def keep_tokens(
    sender: object,
    request: HttpRequest,
    sociallogin: SocialLogin | None = None,
    **kwargs: Any,
) -> None:
    """Keep the tokens and the identity of a login at one of REALMS.

    Those of another realm than the request's (`REALM_OF_REQUEST`) are left alone.
    A receiver of `user_logged_in`, which also comes after a login that had to wait for
    a sign-up form or a confirmed e-mail address, and of `social_account_added`.
    """
    del sender, kwargs
    if sociallogin is None or sociallogin.token is None:
        return
    claims = sociallogin.account.extra_data.get("id_token", {})
    realm, subject = _realm(sociallogin, claims.get("iss")), claims.get("sub")
    if realm is None or subject is None:
        return
    if not _is_of_realm(request, realm):
        return
    tokens = _token_set(sociallogin.token, realm)
    remember_identity(sociallogin.user, issuer=realm.issuer, subject=subject)
    capture.keep(request, tokens, user=sociallogin.user)


def _realm(sociallogin: SocialLogin, issuer: object) -> Realm | None:
    """Return the realm of that issuer, if it was the realm that said so.

    allauth checks `iss` against the discovery document of the provider, in which
    another provider may write what it likes; so the address it came from counts.
    """
    provider = sociallogin.account.get_provider()
    realm = conf.current().realm_of_issuer(issuer)
    if realm is None or provider.id != "openid_connect":
        return None
    ours = {realm.issuer.rstrip("/") + _WELL_KNOWN, realm.discovery_url}
    return realm if provider.server_url in ours else None


def _is_of_realm(request: HttpRequest, realm: Realm) -> bool:
    try:
        refuse_foreign(request, realm.alias)
    except (SubjectTokenRejected, UnknownRealm) as error:
        logger.warning("kc_exchange.login_not_kept realm=%s: %s", realm.alias, error)
        return False
    return True


def _token_set(token: SocialToken, realm: Realm) -> TokenSet:
    expires_at = token.expires_at.timestamp() if token.expires_at else 0.0
    return TokenSet(
        access_token=token.token,
        refresh_token=token.token_secret,
        expires_at=expires_at,
        realm=realm.alias,
    )
