"""A client secret in a file that is rotated while the project runs."""

from __future__ import annotations

import base64
import os
from typing import TYPE_CHECKING, Any

import pytest
from django.core.checks import run_checks

from kc_exchange import conf
from kc_exchange.exceptions import ClientAuthFailed, ExchangeMisconfigured
from kc_exchange.provision.requesters import _proof
from tests.servers import grants, replies

if TYPE_CHECKING:
    from pathlib import Path

    from tests.servers.site import Site

pytestmark = pytest.mark.fault(21)

OLD, NEW = "the-secret-of-before", "the-secret-of-after"


@pytest.fixture
def secret(site: Site, tmp_path: Path) -> Path:
    """The file that the site's secret is in."""
    file = tmp_path / "secret"
    file.write_text(f"{OLD}\n")
    site.realm = {"CLIENT_SECRET": "", "CLIENT_SECRET_FILE": str(file)}
    return file


def sent(site: Site) -> str:
    """Return the secret that came with the last request."""
    header = site.keycloak.asked[-1].headers["authorization"]
    return base64.b64decode(header.removeprefix("Basic ")).decode().partition(":")[2]


def by_secret(*accepted: str) -> Any:
    """Act as a Keycloak that accepts these secrets."""
    known = {
        f"Basic {base64.b64encode(f'django-app:{one}'.encode()).decode()}"
        for one in accepted
    }
    refuses = replies('{"error": "unauthorized_client"}', 401)

    def act(wire: Any) -> bool:
        good = wire.seen.headers["authorization"] in known
        return (grants() if good else refuses)(wire)

    return act


@pytest.mark.parametrize("both", [True, False], ids=["both-good", "new-one-alone"])
def test_secret__rotated(site: Site, secret: Path, both: bool) -> None:
    """While Keycloak takes both nothing fails; else it is well with the file."""
    site.keycloak.acts = [by_secret(OLD)]
    assert site.call(site.subject(jti="1")).status_code == 200
    site.keycloak.acts = [by_secret(*((OLD, NEW) if both else (NEW,)))]
    if both:
        assert site.call(site.subject(jti="2")).status_code == 200
    else:
        with pytest.raises(ClientAuthFailed):
            site.call(site.subject(jti="2"))

    secret.write_text(NEW)

    assert site.call(site.subject(jti="3")).status_code == 200
    assert sent(site) == NEW


def test_secret__replaced_by_rename(site: Site, secret: Path, tmp_path: Path) -> None:
    """As orchestrators do it: another file of the same length and time."""
    site.call(site.subject(jti="1"))
    other = tmp_path / "other"
    other.write_text(f"{OLD[::-1]}\n")

    os.utime(other, ns=(secret.stat().st_atime_ns, secret.stat().st_mtime_ns))
    other.replace(secret)

    site.call(site.subject(jti="2"))

    assert sent(site) == OLD[::-1]


def test_secret__with_a_byte_order_mark(site: Site, secret: Path) -> None:
    """As some editors begin a file; the secret begins after it."""
    secret.write_text(OLD, encoding="utf-8-sig")
    site.call()

    assert sent(site) == OLD


@pytest.mark.parametrize("how", ["gone", "empty", "not-text"])
def test_secret__of_before_in_the_middle_of_a_rotation(
    site: Site, secret: Path, how: str
) -> None:
    site.call(site.subject(jti="1"))
    if how == "gone":
        secret.unlink()
    else:
        secret.write_bytes(b"" if how == "empty" else b"\xff\xfe")

    assert site.call(site.subject(jti="2")).status_code == 200
    assert sent(site) == OLD


@pytest.mark.parametrize("content", [None, b"", b" \n", b"\xff", b"a\0b\0"])
def test_secret__that_never_was(
    site: Site, tmp_path: Path, content: bytes | None
) -> None:
    """The error and the check name the setting, and nothing is sent."""
    file = tmp_path / "secret"
    if content is not None:
        file.write_bytes(content)
    site.realm = {"CLIENT_SECRET": "", "CLIENT_SECRET_FILE": str(file)}

    error = site.refuses(ExchangeMisconfigured)

    assert error.diagnosis == "client_secret_unreadable"
    assert "CLIENT_SECRET_FILE" in error.cause
    assert site.keycloak.asked == []
    assert "kc_exchange.E032" in [found.id for found in run_checks()]


def test_check__both_are_set(site: Site, secret: Path) -> None:
    site.realm["CLIENT_SECRET"] = OLD
    site.configure()

    (problem,) = conf.problems()

    assert problem.number == "E032"


def test_check__looks_at_what_is_in_the_file(site: Site, secret: Path) -> None:
    """An example's secret, or a short one, is no better in a file."""
    site.configure()
    assert not {"E006", "E014", "E032", "W004"} & ids()

    secret.write_text("change-me")
    assert "E014" in ids()

    secret.write_text("short")
    assert "W004" in ids()


def ids() -> set[str]:
    return {str(found.id).rpartition(".")[2] for found in run_checks()}


def test_provision__takes_it_from_the_file(site: Site, secret: Path) -> None:
    site.configure()

    assert _proof(conf.current().realm("default"))["secret"] == OLD


@pytest.mark.usefixtures("secret")
def test_secret__in_the_form(site: Site) -> None:
    site.realm["CLIENT_AUTH"] = "client_secret_post"
    site.call()

    assert site.keycloak.asked[-1].form["client_secret"] == OLD
    assert OLD not in site.log.text
