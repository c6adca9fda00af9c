"""The delegated call as a project makes it, on the embedded Keycloak."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from django.http import HttpRequest, JsonResponse
from django.urls import path

from kc_exchange import downstream_client, downstream_session
from kc_exchange.tokens import unverified_claims

if TYPE_CHECKING:
    from collections.abc import Callable

    from django.test import AsyncClient, Client

    from kc_exchange.testing import DownstreamRecorder, EmbeddedKeycloak


def orders(request: HttpRequest) -> JsonResponse:
    with downstream_session("orders-api") as session:
        return JsonResponse(session.get("v1/orders").json())


async def orders_async(request: HttpRequest) -> JsonResponse:
    async with downstream_client("orders-api") as client:
        return JsonResponse((await client.get("v1/orders")).json())


def quiet(request: HttpRequest) -> JsonResponse:
    return JsonResponse({})


urlpatterns = [
    path("orders/", orders),
    path("orders-async/", orders_async),
    path("quiet/", quiet),
]
pytestmark = [pytest.mark.urls(__name__), pytest.mark.django_db]


@pytest.fixture
def _project(
    configure: Callable[..., None],
    embedded_keycloak: EmbeddedKeycloak,
    kc_downstream: DownstreamRecorder,
) -> None:
    configure(embedded_keycloak, kc_downstream)


@pytest.mark.usefixtures("_project")
def test_view__calls_with_token_for_the_downstream_alone(
    client: Client,
    embedded_keycloak: EmbeddedKeycloak,
    kc_downstream: DownstreamRecorder,
    kc_subject_token: Callable[..., str],
) -> None:
    """Two requests of one user make one exchange; the downstream gets its own token."""
    subject = kc_subject_token("alice")

    for _ in range(2):
        response = client.get(
            "/orders/", headers={"Authorization": f"Bearer {subject}"}
        )
        assert response.status_code == 200

    first, second = kc_downstream.tokens
    claims = unverified_claims(first)
    assert first == second != subject
    assert claims["aud"] == "orders-api"
    assert claims["azp"] == "django-app"
    assert claims["sub"] == unverified_claims(subject)["sub"]
    embedded_keycloak.assert_exchanged_once(audience="orders-api")


@pytest.mark.usefixtures("_project")
async def test_async_view__shares_the_cache(
    async_client: AsyncClient,
    client: Client,
    embedded_keycloak: EmbeddedKeycloak,
    kc_downstream: DownstreamRecorder,
    kc_subject_token: Callable[..., str],
) -> None:
    """An async view sends the token that another view has obtained."""
    bearer = {"Authorization": f"Bearer {kc_subject_token('alice')}"}

    for _ in range(2):
        response = await async_client.get("/orders-async/", headers=bearer)
        assert response.status_code == 200

    assert len(set(kc_downstream.tokens)) == 1
    embedded_keycloak.assert_exchanged_once(audience="orders-api")


@pytest.mark.usefixtures("_project")
def test_view__without_user_sends_nothing(
    client: Client, kc_downstream: DownstreamRecorder
) -> None:
    """A browser is sent to log in, and the downstream never hears of it."""
    response = client.get("/orders/", headers={"Accept": "text/html"})

    assert response.status_code == 302
    assert response["Location"] == "/login/?next=/orders/"
    assert kc_downstream.requests == []


@pytest.mark.usefixtures("_project")
def test_view__expired_bearer_is_told_so(
    client: Client,
    embedded_keycloak: EmbeddedKeycloak,
    kc_downstream: DownstreamRecorder,
) -> None:
    """An expired bearer token is a 401 with the challenge of RFC 6750."""
    token = embedded_keycloak.expired_token("test", "alice", client_id="django-app")

    response = client.get("/orders/", headers={"Authorization": f"Bearer {token}"})

    assert response.status_code == 401
    assert 'error="invalid_token"' in response["WWW-Authenticate"]
    assert token not in response.content.decode()
    assert kc_downstream.requests == []


@pytest.mark.usefixtures("_project")
@pytest.mark.fault(19)
def test_not_before__voids_what_was_issued_earlier(
    client: Client,
    embedded_keycloak: EmbeddedKeycloak,
    kc_subject_token: Callable[..., str],
) -> None:
    """One answer that brings a later policy drops the older tokens of everybody."""
    alice = {"Authorization": f"Bearer {kc_subject_token('alice')}"}
    assert client.get("/orders/", headers=alice).status_code == 200
    embedded_keycloak.advance(5)
    embedded_keycloak.set_not_before("test")
    bob = {"Authorization": f"Bearer {kc_subject_token('bob')}"}
    assert client.get("/orders/", headers=alice).status_code == 200

    assert client.get("/orders/", headers=bob).status_code == 200

    assert client.get("/orders/", headers=alice).status_code == 401


@pytest.mark.usefixtures("_project")
@pytest.mark.fault(19)
def test_not_before__of_one_user_is_nobody_elses(
    client: Client,
    embedded_keycloak: EmbeddedKeycloak,
    kc_subject_token: Callable[..., str],
) -> None:
    """Alice was logged out by an administrator, and is back: Bob notices nothing."""
    before, bob = (
        {"Authorization": f"Bearer {kc_subject_token(name)}"}
        for name in ("alice", "bob")
    )
    assert client.get("/orders/", headers=before).status_code == 200
    assert client.get("/orders/", headers=bob).status_code == 200
    embedded_keycloak.advance(5)
    embedded_keycloak.logout("test", "alice")
    alice = {"Authorization": f"Bearer {kc_subject_token('alice')}"}

    assert client.get("/orders/", headers=alice).status_code == 200

    asked = embedded_keycloak.requests()
    assert client.get("/orders/", headers=alice).status_code == 200
    assert client.get("/orders/", headers=bob).status_code == 200
    assert embedded_keycloak.requests() == asked
    assert client.get("/orders/", headers=before).status_code == 401


@pytest.mark.usefixtures("_project")
def test_view__that_calls_nobody_costs_nothing(
    client: Client, embedded_keycloak: EmbeddedKeycloak
) -> None:
    """Without a downstream call nothing is captured, asked or varied on."""
    response = client.get("/quiet/")

    assert not response.has_header("Vary")
    assert embedded_keycloak.requests() == 0


def test_misconfigured_audience__tells_the_developer(
    client: Client,
    configure: Callable[..., None],
    embedded_keycloak: EmbeddedKeycloak,
    kc_downstream: DownstreamRecorder,
    kc_subject_token: Callable[..., str],
    settings: Any,
) -> None:
    """Under DEBUG the page shows cause and fix, otherwise the log alone."""
    configure(embedded_keycloak, kc_downstream, DOWNSTREAM={"AUDIENCE": "ordes-api"})
    bearer = {"Authorization": f"Bearer {kc_subject_token('alice')}"}

    hidden = client.get("/orders/", headers=bearer)
    settings.DEBUG = True
    shown = client.get("/orders/", headers=bearer)

    assert hidden.status_code == shown.status_code == 500
    assert "ordes-api" not in hidden.content.decode()
    assert "The realm has no client ordes-api." in shown.content.decode()
