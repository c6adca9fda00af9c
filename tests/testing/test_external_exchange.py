"""Tokens of identity providers: records, users made of them, providers that fail."""

from __future__ import annotations

from base64 import b64encode
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

import jwt
import pytest
import requests

from kc_exchange.testing import DownstreamRecorder, EmbeddedKeycloak
from kc_exchange.testing.keys import SigningKey
from tests.testing.brokers import FEATURES, Desk, home, partner, provider
from tests.testing.conftest import EXCHANGE, TYPE, refusal
from tests.testing.test_controls import claims

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

INVALID = (400, "invalid_token", "invalid token")
FAILED = "For more on this error consult the server log."
PERSON = {"sub": "p-1", "preferred_username": "pia", "email": "pia@example.com"}


@pytest.fixture
def there() -> Iterator[DownstreamRecorder]:
    """An identity provider that says what it is told to say."""
    with DownstreamRecorder() as recorder:
        yield recorder


@pytest.fixture
def start() -> Iterator[Callable[..., Desk]]:
    """Return a function that starts a server whose realm has this provider."""
    started: list[Desk] = []

    def begin(**changes: Any) -> Desk:
        documents = home(provider(**changes)), partner()
        keycloak = EmbeddedKeycloak(*documents, features=FEATURES).start()
        keycloak.allow_exchange("home", "gateway", subject_issuer="partner")
        http = requests.Session()
        http.trust_env = False
        started.append(Desk(keycloak, http))
        return started[-1]

    yield begin
    for desk in started:
        desk.http.close()
        desk.keycloak.stop()


def test_exchanges__record_what_was_taken(start: Callable[..., Desk]) -> None:
    """Where the token came from, how it was checked, and who that is here."""
    desk = start()
    token = desk.partners("petra")
    desk.exchange(token, subject_token_type=f"{TYPE}id_token")
    desk.exchange("nonsense")

    taken, refused = desk.keycloak.exchanges
    assert (taken.outcome, taken.subject, taken.username) == (
        "granted",
        "petra-id",
        "petra",
    )
    assert (taken.subject_issuer, taken.validation_method) == ("partner", "signature")
    assert (refused.subject, refused.username) == (None, None)
    assert (refused.subject_issuer, refused.validation_method) == (
        "partner",
        "user info",
    )
    assert refused.reason == "user info call failure"
    assert token not in repr(taken)


def test_exchanges__record_what_was_asked_for(start: Callable[..., Desk]) -> None:
    """The provider whose token somebody wanted."""
    desk = start()
    desk.passed_on(desk.own("nora"))

    (record,) = desk.keycloak.exchanges
    assert (record.requested_issuer, record.username) == ("partner", "nora")
    assert record.reason == "requested_issuer has not linked"


def test_exchange__makes_a_user_even_if_it_is_refused(
    start: Callable[..., Desk],
) -> None:
    """As on Keycloak: the user stays, and so does the session."""
    desk = start()

    reply = desk.exchange(desk.partners("paul"), audience="reports")

    assert reply.status_code == 403
    made = desk.user("paul")
    assert made.links["partner"].user_id == "paul-id"
    assert len(desk.keycloak.sessions("home", "paul")) == 1


def test_exchange__makes_one_user_of_many_requests(
    start: Callable[..., Desk],
) -> None:
    """Whoever comes first makes the user that the others find."""
    desk = start()
    token = desk.partners("paul")

    with ThreadPoolExecutor(4) as pool:
        replies = list(pool.map(lambda _: desk.exchange(token), range(8)))

    assert {reply.status_code for reply in replies} == {200}
    subjects = {claims(reply.json()["access_token"])["sub"] for reply in replies}
    assert subjects == {desk.user("paul").id}
    assert len(desk.keycloak.sessions("home", "paul")) == 8


def test_exchange__asks_the_provider_with_the_token(
    start: Callable[..., Desk], there: DownstreamRecorder
) -> None:
    """Once, at the address of its configuration, and nowhere else."""
    desk = start(config={"userInfoUrl": f"{there.url}me", "validateSignature": "false"})
    there.answer_next(body=PERSON)

    assert desk.exchange("opaque").status_code == 200

    assert [request.path for request in there.requests] == ["/me"]
    assert there.tokens == ["opaque"]


@pytest.mark.parametrize(
    ("status", "body"), [(500, PERSON), (302, PERSON), (200, None), (200, [1])]
)
def test_exchange__provider_answers_badly(
    start: Callable[..., Desk], there: DownstreamRecorder, status: int, body: Any
) -> None:
    """Whatever is no profile with status 200 refuses the token."""
    desk = start(config={"userInfoUrl": f"{there.url}me"})
    there.answer_next(status, body, headers={"Location": f"{there.url}other"})

    assert refusal(desk.exchange("opaque")) == INVALID
    assert len(there.requests) == 1


@pytest.mark.parametrize(
    ("kind", "config", "body", "name"),
    [
        ("google", {}, PERSON, "pia"),
        ("github", {}, {"id": 7, "login": "Pia-Hub", "name": "Pia"}, "pia-hub"),
        ("github", {}, {"id": 8}, "partner.8"),
    ],
)
def test_exchange__with_a_stand_in(
    start: Callable[..., Desk],
    there: DownstreamRecorder,
    kind: str,
    config: dict[str, str],
    body: dict[str, Any],
    name: str,
) -> None:
    """Google and GitHub may be played by whatever answers at these addresses."""
    addresses = {"userInfoUrl": f"{there.url}user", "apiUrl": there.url}
    desk = start(providerId=kind, config={**addresses, **config})
    there.answer_next(body=body)

    issued = claims(desk.exchange("opaque").json()["access_token"])

    assert issued["preferred_username"] == name
    assert [request.path for request in there.requests] == ["/user"]


def test_exchange__signed_by_a_rotated_key(start: Callable[..., Desk]) -> None:
    """The keys are fetched from the provider as they are now."""
    desk = start()
    form = {"subject_token_type": f"{TYPE}id_token"}
    assert desk.exchange(**form).status_code == 200
    desk.keycloak.rotate_keys("partner")

    assert desk.exchange(**form).status_code == 200

    old = desk.partners("petra")
    desk.keycloak.rotate_keys("partner")
    desk.keycloak.remove_old_keys("partner")
    assert refusal(desk.exchange(old, **form)) == INVALID


def test_exchange__ends_by_the_servers_clock(start: Callable[..., Desk]) -> None:
    """A signed token ends when its time is over there."""
    desk = start()
    token = desk.partners("petra")
    desk.keycloak.advance(301)

    reply = desk.exchange(token, subject_token_type=f"{TYPE}id_token")

    assert refusal(reply) == INVALID


def test_exchange__of_a_token_by_its_type_alone(start: Callable[..., Desk]) -> None:
    """A JWT says itself who issued it."""
    desk = start()
    form = {
        "subject_token": desk.partners("petra"),
        "subject_token_type": f"{TYPE}jwt",
        "requested_token_type": f"{TYPE}access_token",
    }

    assert desk.ask(EXCHANGE, **form).status_code == 200

    (record,) = desk.keycloak.exchanges
    assert record.subject_issuer == desk.keycloak.issuer("partner")


def test_exchange__signed_and_no_user_info(
    start: Callable[..., Desk], there: DownstreamRecorder
) -> None:
    """Another type than an ID token's is asked about as well: Keycloak fails then."""
    desk = start(providerId="keycloak-oidc", config={"userInfoUrl": there.url})
    there.answer_next(401)

    assert refusal(desk.exchange()) == (500, "unknown_error", FAILED)


@pytest.mark.parametrize(("named", "status"), [("", 200), ("k1", 200), ("k2", 400)])
def test_exchange__signed_by_a_key_of_the_export(
    start: Callable[..., Desk], named: str, status: int
) -> None:
    """A key that the export holds may have an id, which the token must name then."""
    key = SigningKey.generate("there")
    settings = {
        "useJwksUrl": "false",
        "publicKeySignatureVerifier": b64encode(key.public_der).decode(),
        "publicKeySignatureVerifierKeyId": named,
    }
    desk = start(config=settings)
    told = {"iss": desk.keycloak.issuer("partner"), "sub": "petra-id", "typ": "ID"}
    token = jwt.encode(told, key.private, "RS256", {"kid": "k1"})

    reply = desk.exchange(token, subject_token_type=f"{TYPE}id_token")

    assert reply.status_code == status
