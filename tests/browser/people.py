"""What people do in the shop and in its admin, by the things they see."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from exampleproject.demo.stack import Stack

REASON = "Order A-1042 is late; alice asks where it is."
USERS = "admin/auth/user/"
BANNER = ".kc-impersonation"
END = f"{BANNER} button"


def log_in(page: Any, name: str, password: str = "") -> None:
    """Fill in Keycloak's form and send it."""
    page.fill("#username", name)
    page.fill("#password", password or f"{name}-demo")
    page.click("#kc-login")


def open_start_page(page: Any, target: str = "alice") -> None:
    """Choose somebody in the admin's list of users."""
    page.goto(USERS)
    page.get_by_role("link", name=f"Act as {target}", exact=True).click()
    page.wait_for_selector("#id_reason")


def act_as(
    page: Any, target: str = "alice", *, writing: bool = False, ticket: str = ""
) -> None:
    """Go from the list of users to the shop as somebody else."""
    open_start_page(page, target)
    page.fill("#id_reason", REASON)
    page.fill("#id_ticket", ticket)
    if writing:
        page.get_by_label("read and write").check()
    page.get_by_role("button", name="Start").click()
    page.wait_for_selector(BANNER)


def end_all(demo: Stack) -> None:
    """End every grant as nobody can, so that the next test may begin."""
    _write(demo, "ended_at = ?, open_for = NULL", datetime.now(UTC))


def let_expire(demo: Stack, seconds: float) -> None:
    """Let the open grant end that soon."""
    _write(demo, "expires_at = ?", datetime.now(UTC) + timedelta(seconds=seconds))


def _write(demo: Stack, change: str, moment: datetime) -> None:
    text = f"{moment:%Y-%m-%d %H:%M:%S.%f}"
    with closing(sqlite3.connect(demo.database, timeout=20)) as database, database:
        database.execute(
            f"UPDATE kc_exchange_impersonationgrant SET {change} "
            "WHERE ended_at IS NULL",
            [text],
        )
