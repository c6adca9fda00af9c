"""Without configuration, or with a wrong one, a command says what to correct."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.exampleproject.shops import manage, says_plainly

if TYPE_CHECKING:
    from pathlib import Path


def test_no_configuration__the_command_says_what_to_add() -> None:
    """A project without the setting does not start."""
    done = manage(
        "serve", DJANGO_SETTINGS_MODULE="tests.exampleproject.without_configuration"
    )
    assert done.returncode == 1
    assert "The setting KC_EXCHANGE is missing" in done.stderr
    assert "Add KC_EXCHANGE" in done.stderr
    assert says_plainly(done.stderr)


@pytest.mark.parametrize(
    ("name", "value", "said"),
    [
        ("SHOP_ISSUER", "", "['ISSUER'] is missing"),
        ("SHOP_ISSUER", "keycloak/realms/shop", "['ISSUER'] is not a URL"),
        ("SHOP_CLIENT_SECRET", "", "['CLIENT_SECRET'] is missing"),
        ("SHOP_CLIENT_ID", "", "['CLIENT_ID'] is missing"),
        ("SHOP_ORDERS_API_URL", "orders", "['BASE_URL'] is not a URL"),
    ],
)
def test_wrong_setting__is_named(name: str, value: str, said: str) -> None:
    """The check names the setting and says how to write it."""
    done = manage("serve", **{name: value})
    assert done.returncode == 1
    assert said in done.stderr
    assert "HINT" in done.stderr
    assert says_plainly(done.stderr)


def test_no_debug__the_demos_secrets_are_refused() -> None:
    """A site of one's own needs secrets of its own."""
    done = manage("check", SHOP_DEBUG="0")
    assert done.returncode == 1
    assert "['CLIENT_SECRET'] is the example's" in done.stderr


def test_no_command__says_where_to_begin() -> None:
    """`manage.py` alone helps."""
    done = manage()
    assert (done.returncode, "manage.py demo" in done.stderr) == (1, True)


def test_no_settings__says_so() -> None:
    """A settings module that is not there is no traceback."""
    done = manage("check", DJANGO_SETTINGS_MODULE="nowhere.settings")
    assert done.returncode == 1
    assert "There are no settings nowhere.settings" in done.stderr
    assert says_plainly(done.stderr)


def test_no_module__says_what_to_install(tmp_path: Path) -> None:
    """Without the extra `demo`, its name is the answer."""
    (tmp_path / "environ.py").write_text("raise ModuleNotFoundError(name='environ')")
    done = manage("check", PYTHONPATH=str(tmp_path))
    assert done.returncode == 1
    assert "The module environ is missing" in done.stderr
    assert ".[demo]" in done.stderr
