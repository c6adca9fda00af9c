"""Keep the tokens of a login through django-allauth's provider `openid_connect`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from allauth.account.signals import user_logged_in
from allauth.socialaccount.signals import social_account_added
from django.views.decorators.debug import sensitive_variables

from kc_exchange import capture, conf
from kc_exchange.models import remember_identity
from kc_exchange.tokens import TokenSet

if TYPE_CHECKING:
    from allauth.socialaccount.models import SocialLogin, SocialToken
    from django.http import HttpRequest

    from kc_exchange.conf import Realm

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
    """Keep the tokens and the identity of a login at the realm `default`.

    A receiver of `user_logged_in`, which also comes after a login that had to wait for
    a sign-up form or a confirmed e-mail address, and of `social_account_added`.
    """
    del sender, kwargs
    if sociallogin is None or sociallogin.token is None:
        return
    realm = conf.current().realm("default")
    subject = _subject(sociallogin, realm)
    if subject is None:
        return
    remember_identity(sociallogin.user, issuer=realm.issuer, subject=subject)
    capture.keep(request, _token_set(sociallogin.token), user=sociallogin.user)


def _subject(sociallogin: SocialLogin, realm: Realm) -> str | None:
    """Return `sub` if it was our realm that said so.

    allauth checks `iss` against the discovery document of the provider, in which
    another provider may write what it likes; so the address it came from counts.
    """
    provider = sociallogin.account.get_provider()
    if provider.id != "openid_connect":
        return None
    ours = {realm.issuer.rstrip("/") + _WELL_KNOWN, realm.discovery_url}
    claims = sociallogin.account.extra_data.get("id_token", {})
    if provider.server_url not in ours or claims.get("iss") != realm.issuer:
        return None
    subject: str | None = claims.get("sub")
    return subject


def _token_set(token: SocialToken) -> TokenSet:
    expires_at = token.expires_at.timestamp() if token.expires_at else 0.0
    return TokenSet(
        access_token=token.token,
        refresh_token=token.token_secret,
        expires_at=expires_at,
    )
