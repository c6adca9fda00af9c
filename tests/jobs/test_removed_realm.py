"""A login of a realm that left the settings: it ends as any other."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest
from django.test import Client

from kc_exchange import capture
from kc_exchange.exceptions import SubjectGone
from kc_exchange.models import OfflineToken
from tests.impersonation.realm_desk import log_in, tokens_of
from tests.jobs.test_offline import offline_tokens
from tests.jobs.works import Works, call

if TYPE_CHECKING:
    from collections.abc import Callable

    from django.test import RequestFactory

    from kc_exchange.tokens import TokenSet

pytestmark = pytest.mark.django_db(transaction=True)


def online(works: Works) -> TokenSet:
    return tokens_of(works.keycloak, "alice")


def offline(works: Works) -> TokenSet:
    return offline_tokens(works.keycloak)


class Realms:
    """The settings with a second realm, and without it."""

    def __init__(self, settings: Any) -> None:
        self._settings, self._before = settings, settings.KC_EXCHANGE

    def add(self) -> None:
        """Add the realm `globex`."""
        known = self._before["REALMS"]
        more = {**known, "globex": {**known["default"], "USERS": True}}
        self._settings.KC_EXCHANGE = {**self._before, "REALMS": more}

    def remove(self) -> None:
        """Remove it."""
        self._settings.KC_EXCHANGE = self._before


def logged_in(works: Works, settings: Any, tokens: TokenSet) -> Realms:
    """Log alice in by the realm that is going to leave the settings."""
    realms = Realms(settings)
    realms.add()
    works.client = Client()
    log_in(works.client, works.user, replace(tokens, realm="globex"))
    return realms


@pytest.mark.parametrize("tokens", [online, offline])
def test_logout__of_a_removed_realm(
    works: Works, settings: Any, tokens: Callable[[Works], TokenSet]
) -> None:
    """The session ends; the offline token is revoked once the realm is back."""
    realms = logged_in(works, settings, tokens(works))
    if tokens is offline:
        works.reference(offline="yes")
    session = works.session()
    realms.remove()

    assert works.client.post("/logout/").status_code == 302

    assert not session.exists(session.session_key)
    assert OfflineToken.objects.count() == 0
    assert OfflineToken.ended.count() == (tokens is offline)


@pytest.mark.parametrize("tokens", [online, offline])
def test_new_key__of_a_removed_realms_session(
    works: Works,
    settings: Any,
    rf: RequestFactory,
    tokens: Callable[[Works], TokenSet],
) -> None:
    """A request that gives its session another key goes on."""
    logged_in(works, settings, tokens(works)).remove()
    request = rf.get("/")
    request.session, request.user = works.session(), works.user
    request.COOKIES[settings.SESSION_COOKIE_NAME] = str(request.session.session_key)
    request.session.cycle_key()

    capture.settle(request)

    assert capture.kept(request) is not None


@pytest.mark.parametrize("query", [{}, {"offline": "yes"}])
def test_job__of_a_removed_realm(
    works: Works, settings: Any, query: dict[str, str]
) -> None:
    """It is over for good, and says which realm is missing."""
    realms = logged_in(works, settings, offline(works))
    reference = works.reference(**query)
    realms.remove()

    with pytest.raises(SubjectGone, match="'globex', which is no longer"):
        call(reference)


def test_job__of_a_removed_realm_after_the_session(works: Works, settings: Any) -> None:
    realms = logged_in(works, settings, offline(works))
    reference = works.reference(offline="yes")
    works.session().delete()
    realms.remove()

    with pytest.raises(SubjectGone, match="'globex', which is no longer"):
        call(reference)
