"""The few pages a person meets: sign in, sign out, a message, a form to pass on."""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

    from kc_exchange.testing.model import Realm

STYLE = """
:root { color-scheme: light dark; }
body { font: 1rem/1.5 system-ui, sans-serif; margin: 10vh auto; max-width: 22rem;
       padding: 0 1rem; }
h1 { font-size: 1.4rem; }
label { display: block; font-weight: 600; margin-top: 1rem; }
input { box-sizing: border-box; font: inherit; padding: .5rem; width: 100%; }
button { font: inherit; margin-top: 1.5rem; padding: .6rem; width: 100%; }
:focus-visible { outline: 3px solid Highlight; outline-offset: 2px; }
[role=alert] { border-left: 4px solid #c00; padding-left: .75rem; }
"""


def _page(title: str, body: str) -> str:
    return (
        f'<!DOCTYPE html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        f'<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f"<title>{escape(title)}</title>\n<style>{STYLE}</style>\n</head>\n"
        f"<body>\n<main>\n{body}\n</main>\n</body>\n</html>\n"
    )


def _title(realm: Realm) -> str:
    return f"Sign in to {realm.display_name or realm.name}"


def login_page(
    realm: Realm, action: str, *, username: str = "", error: str | None = None
) -> str:
    """Write the page on which a user signs in.

    Args:
        realm: the realm it belongs to.
        action: the address the form is sent to.
        username: what stands in the first field.
        error: why the former attempt failed.
    """
    wrong = ' aria-invalid="true" aria-describedby="input-error"' if error else ""
    alert = f'<p role="alert" id="input-error">{escape(error)}</p>\n' if error else ""
    body = (
        f"<h1>Sign in to your account</h1>\n{alert}"
        f'<form id="kc-form-login" method="post" action="{escape(action)}">\n'
        f'<label for="username">Username or email</label>\n'
        f'<input id="username" name="username" value="{escape(username)}" type="text" '
        f'autocomplete="username" required autofocus{wrong}>\n'
        f'<label for="password">Password</label>\n'
        f'<input id="password" name="password" type="password" '
        f'autocomplete="current-password" required{wrong}>\n'
        f'<button id="kc-login" name="login" type="submit">Sign In</button>\n</form>'
    )
    return _page(_title(realm), body)


def message_page(realm: Realm, message: str) -> str:
    """Write a page that tells a person one sentence."""
    return _page(
        _title(realm), f"<h1>{escape(realm.name)}</h1>\n<p>{escape(message)}</p>"
    )


def error_page(realm: Realm, message: str) -> str:
    """Write a page that tells a person why it goes no further."""
    body = (
        "<h1>We are sorry...</h1>\n"
        f'<p role="alert" id="kc-error-message">{escape(message)}</p>'
    )
    return _page(_title(realm), body)


def _hidden(fields: Mapping[str, str]) -> str:
    return "\n".join(
        f'<input type="hidden" name="{escape(name)}" value="{escape(value)}">'
        for name, value in fields.items()
    )


def logout_page(realm: Realm, action: str, fields: Mapping[str, str]) -> str:
    """Write the page that asks a person whether to sign out."""
    body = (
        f"<h1>Logging out</h1>\n<p>Do you want to log out?</p>\n"
        f'<form method="post" action="{escape(action)}">\n{_hidden(fields)}\n'
        f'<input id="kc-logout" name="confirmLogout" type="submit" value="Logout">\n'
        f"</form>"
    )
    return _page(f"Logging out of {realm.name}", body)


def form_post_page(action: str, fields: Mapping[str, str]) -> str:
    """Write the page that carries the answer on (OAuth 2.0 Form Post Response Mode)."""
    body = (
        f'<form method="post" action="{escape(action)}">\n{_hidden(fields)}\n'
        f'<button type="submit">Continue</button>\n</form>\n'
        f"<script>document.forms[0].submit()</script>"
    )
    return _page("Submit this form", body)
