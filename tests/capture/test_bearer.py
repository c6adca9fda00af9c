"""The rows A1 to A27 of bad input: how a bearer token may be sent."""

from __future__ import annotations

from io import BytesIO
from typing import Any

import pytest
from django.test import RequestFactory

from kc_exchange import capture
from kc_exchange.capture.bearer import MAX_BEARER
from kc_exchange.exceptions import InvalidRequest, InvalidToken, UnknownRealm
from tests.servers import jwt_of

TOKEN = "eyJhbGciOiJSUzI1NiJ9.eyJzdWIiOiJhbGljZSJ9.c2lnbmF0dXJl-_"
FORM = "application/x-www-form-urlencoded"


def read(header: str | None, path: str = "/", **extra: Any) -> str | None:
    if header is not None:
        extra["HTTP_AUTHORIZATION"] = header
    return capture.bearer_token(RequestFactory().get(path, **extra))


def post(body: str, content_type: str = FORM, **extra: Any) -> Any:
    extra.setdefault("HTTP_AUTHORIZATION", f"Bearer {TOKEN}")
    return RequestFactory().post("/", body, content_type=content_type, **extra)


@pytest.mark.parametrize("scheme", ["Bearer", "bearer", "BEARER", "bEaReR"])
def test_scheme__is_case_insensitive(scheme: str) -> None:
    """A4."""
    assert read(f"{scheme} {TOKEN}") == TOKEN


@pytest.mark.parametrize(
    "header",
    [
        pytest.param(None, id="A1"),
        pytest.param("", id="A1 empty"),
        pytest.param("Basic YWxpY2U6c2VjcmV0", id="A15"),
        pytest.param(f"DPoP {TOKEN}", id="A16"),
        pytest.param('Digest username="alice", realm="x"', id="Digest"),
        pytest.param("Negotiate abc", id="Negotiate"),
    ],
)
def test_other_scheme__is_no_token(header: str | None) -> None:
    assert read(header) is None


@pytest.mark.parametrize(
    "header",
    [
        pytest.param("Bearer", id="A2"),
        pytest.param("Bearer ", id="A3"),
        pytest.param(f"Bearer  {TOKEN}", id="A5 two spaces"),
        pytest.param(f"Bearer\t{TOKEN}", id="A5 tab"),
        pytest.param(f" Bearer {TOKEN}", id="leading space"),
        pytest.param(f"Bearer {TOKEN} ", id="trailing space"),
        pytest.param(f"Bearer {TOKEN} {TOKEN}", id="A6"),
        pytest.param(f"Bearer {TOKEN},", id="A7 trailing comma"),
        pytest.param(f"Bearer {TOKEN}, Bearer {TOKEN}", id="A7"),
        pytest.param(f"Bearer {TOKEN},Bearer {TOKEN}", id="A8"),
        pytest.param(f"Basic YWxpY2U6c2VjcmV0,Bearer {TOKEN}", id="A8 two schemes"),
        pytest.param(f"Bearer{TOKEN}", id="A17"),
        pytest.param(f"Bearer {TOKEN}é", id="A18 latin-1"),
        pytest.param(
            f"Bearer {TOKEN}\N{LATIN SMALL LETTER LONG S}", id="A18 folds to s"
        ),
        pytest.param(f"Bearer {TOKEN}\N{KELVIN SIGN}", id="A18 folds to k"),
        pytest.param(f"Bearer {TOKEN}\0", id="A19 NUL"),
        pytest.param(f"Bearer {TOKEN}\r", id="A19 CR"),
        pytest.param(f"Bearer {TOKEN}\n", id="A19 LF"),
        pytest.param(f"Bearer\r\n {TOKEN}", id="A19 obs-fold"),
        pytest.param(f'Bearer "{TOKEN}"', id="A20"),
        pytest.param("Bearer eyJ+bGci/OiJS.e30.c2ln", id="A21"),
        pytest.param("Bearer eyJhbGciOiJS==.e30.c2ln", id="A21 padded"),
        pytest.param("Bearer " + "a" * (MAX_BEARER + 1), id="A22"),
        pytest.param("Bearer " + "a" * 2**20, id="A23"),
        pytest.param("Bearer ..", id="A24"),
        pytest.param("Bearer eyJ%2EeyJ%2Ec2ln", id="A25"),
    ],
)
def test_malformed_bearer__is_refused(header: str) -> None:
    """And the session does not speak in its place."""
    with pytest.raises(InvalidRequest) as caught:
        read(header)

    assert caught.value.http_status == 400
    assert TOKEN not in f"{caught.value!s}{caught.value!r}"


def test_longest_token__is_read() -> None:
    assert read("Bearer " + "a" * MAX_BEARER) == "a" * MAX_BEARER


@pytest.mark.parametrize(
    "query",
    [
        pytest.param(f"access_token={TOKEN}", id="A9"),
        pytest.param("a=1&access_token=", id="A9 empty"),
        pytest.param("access%5Ftoken=x", id="A9 escaped"),
        pytest.param("access_token=x&access_token=y", id="A11"),
    ],
)
def test_token_in_query_too__is_refused(query: str) -> None:
    with pytest.raises(InvalidRequest, match="two places"):
        read(f"Bearer {TOKEN}", f"/?{query}")


@pytest.mark.parametrize(
    "query", ["access_tokens=x", "x=access_token", "Access_Token=x", "q=%ff&;&=&&"]
)
def test_other_parameters__are_let_in(query: str) -> None:
    assert read(f"Bearer {TOKEN}", f"/?{query}") == TOKEN


def test_token_in_query_alone__is_ignored() -> None:
    """A12."""
    assert read(None, f"/?access_token={TOKEN}") is None


def test_token_in_form_too__is_refused() -> None:
    """A10."""
    with pytest.raises(InvalidRequest, match="two places"):
        capture.bearer_token(post(f"a=1&access_token={TOKEN}"))


@pytest.mark.parametrize("content_type", ["multipart/form-data; boundary=x", FORM])
def test_token_in_body_alone__is_ignored(content_type: str) -> None:
    """A13, A14: nobody reads it there."""
    request = post("access_token=x", content_type, HTTP_AUTHORIZATION="")
    assert capture.bearer_token(request) is None


def test_token_in_cookie_or_forwarded_header__is_ignored() -> None:
    """A26, A27."""
    request = RequestFactory().get(
        "/",
        HTTP_X_FORWARDED_AUTHORIZATION=f"Bearer {TOKEN}",
        HTTP_X_FORWARDED_ACCESS_TOKEN=TOKEN,
        HTTP_PROXY_AUTHORIZATION=f"Bearer {TOKEN}",
    )
    request.COOKIES["access_token"] = TOKEN
    assert capture.bearer_token(request) is None


def test_form__can_still_be_streamed_and_parsed() -> None:
    for use in ("read", "POST", "body"):
        request = post("name=alice")
        assert capture.bearer_token(request) == TOKEN
        if use == "read":
            assert request.read() == b"name=alice"
        elif use == "POST":
            assert request.POST["name"] == "alice"
        else:
            assert request.body == b"name=alice"


def test_form_that_was_streamed__is_left_alone() -> None:
    request = post("name=alice")
    assert request.read(4) == b"name"
    assert capture.bearer_token(request) == TOKEN
    assert request.read() == b"=alice"


@pytest.mark.parametrize("length", ["65537", "", "-1", "many", "1e3"])
def test_long_form__is_not_read(length: str) -> None:
    """A view that streams an upload finds it untouched."""
    request = post("a=1")
    body = BytesIO(b"a=" + b"x" * 100_000)
    request._stream = body
    request.META["CONTENT_LENGTH"] = length
    assert capture.bearer_token(request) == TOKEN
    assert body.tell() == 0


def test_other_body__is_not_read() -> None:
    request = post('{"access_token": "x"}', "application/json")
    assert capture.bearer_token(request) == TOKEN
    assert not request._read_started


def test_capture__takes_the_token_with_its_expiry() -> None:
    header = "eyJhbGciOiJSUzI1NiJ9.eyJleHAiOjE5MDAwMDAwMDB9.c2ln"
    request = RequestFactory().get("/", HTTP_AUTHORIZATION=f"Bearer {header}")
    found = capture.from_bearer(request)
    assert found is not None
    assert found.value == header
    assert found.expires_at == 1_900_000_000
    assert found.realm == "default"
    assert header not in repr(found)


@pytest.mark.parametrize("bound", [{"jkt": "x"}, {"x5t#S256": "x"}, None])
def test_capture__of_a_bound_token(bound: Any) -> None:
    """RFC 9449 section 7.2: sent as a bearer token it is refused, and not exchanged."""
    issuer = "http://127.0.0.1:9/realms/demo"
    stolen = jwt_of(iss=issuer, sub="alice", cnf=bound)
    request = RequestFactory().get("/", HTTP_AUTHORIZATION=f"Bearer {stolen}")

    with pytest.raises(InvalidToken, match="bound to a key") as caught:
        capture.capture(request)

    assert caught.value.http_status == 401
    assert stolen not in f"{caught.value}{caught.value.reason}"


def test_capture__of_another_realms_token_says_so(settings: Any) -> None:
    """It goes to that realm's Keycloak, and one of a stranger to none."""
    ours = settings.KC_EXCHANGE["REALMS"]["default"]
    tenant = {**ours, "ISSUER": "https://id.example.com/realms/b", "USERS": True}
    settings.KC_EXCHANGE = {"REALMS": {"default": ours, "tenant-b": tenant}}

    def realm_of(issuer: str) -> str:
        header = f"Bearer {jwt_of(iss=issuer)}"
        found = capture.from_bearer(
            RequestFactory().get("/", HTTP_AUTHORIZATION=header)
        )
        assert found is not None
        return found.realm

    assert realm_of(tenant["ISSUER"]) == "tenant-b"
    assert realm_of(ours["ISSUER"]) == "default"
    with pytest.raises(UnknownRealm):
        realm_of("https://stranger.example.com/")
