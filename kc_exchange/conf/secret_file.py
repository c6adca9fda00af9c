"""Read a secret from a file, and read it anew when the file changes."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from django.views.decorators.debug import sensitive_variables

from kc_exchange.conf.reader import is_text
from kc_exchange.exceptions import ExchangeMisconfigured

if TYPE_CHECKING:
    from kc_exchange.conf.values import Realm

_Mark = tuple[int, int, int]
_read: dict[str, tuple[_Mark, str]] = {}


@sensitive_variables()
def client_secret(realm: Realm) -> str:
    """Return the secret of `realm`'s client, as it is now.

    The file is looked at each time. While it cannot be read, or has no text, as in the
    middle of a rotation, what was in it before is still the secret.

    Raises:
        ExchangeMisconfigured: CLIENT_SECRET_FILE cannot be read, and never was.
    """
    path = realm.client_secret_file
    if not path:
        return realm.client_secret
    known = _read.get(path)
    try:
        found = Path(path).stat()
        mark = (found.st_mtime_ns, found.st_size, found.st_ino)
        if known is None or known[0] != mark:
            secret = Path(path).read_text(encoding="utf-8-sig").strip()
            if secret and is_text(secret):
                known = _read[path] = (mark, secret)
    except (OSError, ValueError):
        pass
    if known is None:
        raise _unreadable(realm)
    return known[1]


def _unreadable(realm: Realm) -> ExchangeMisconfigured:
    return ExchangeMisconfigured(
        f"CLIENT_SECRET_FILE of realm {realm.alias!r} cannot be read, or has no text.",
        "Name a file with the client's secret and nothing else, in UTF-8, which this "
        "process may read.",
        realm=realm.alias,
        diagnosis="client_secret_unreadable",
    )
