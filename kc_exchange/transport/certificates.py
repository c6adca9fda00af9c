"""TLS contexts of certificate files, made anew when the files change.

Whoever rotates certificates replaces files, and no process has to be told. Half of a
pair, or a file that is gone, changes nothing: what was loaded before goes on.
"""

from __future__ import annotations

import logging
import ssl
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import certifi

from kc_exchange import forks
from kc_exchange.conf import Downstream
from kc_exchange.exceptions import ExchangeMisconfigured

if TYPE_CHECKING:
    from kc_exchange.conf import Realm

_log = logging.getLogger("kc_exchange")

_AGAIN = 2.0
"""Seconds until files are tried again that could not be loaded."""

_Stamp = tuple[tuple[int, ...] | None, ...]
"""For each file when it was written, and changed otherwise as by `chmod`, its size and
its number; None: there is none."""


class _Files(NamedTuple):
    ca_bundle: str
    certificate: str
    certificate_key: str


@dataclass(slots=True)
class _Loaded:
    context: ssl.SSLContext
    stamp: _Stamp
    refused: _Stamp = ()
    """What could not be loaded since, and was told."""
    again_at: float = 0.0
    """When that is tried again, by the monotonic clock: a file is not all it takes."""

    def is_of(self, stamp: _Stamp) -> bool:
        """Whether nothing newer can be had, as far as is known."""
        if stamp == self.stamp:
            return True
        return stamp == self.refused and time.monotonic() < self.again_at


_loaded: dict[_Files, _Loaded] = {}
_loading = forks.Lock()
forks.in_child(_loaded.clear)


def context_of(owner: Realm | Downstream) -> ssl.SSLContext:
    """Return the TLS context of what CA_BUNDLE, CERTIFICATE and its key hold now.

    The same object as long as no file changes; building one takes 40 ms. If changed
    files cannot be loaded, the log says so once and the former context stays.

    Raises:
        ExchangeMisconfigured: a file cannot be read, and none could before.
    """
    context = loaded_context_of(owner)
    if context is None:
        with _loading:
            context = _newest(_files(owner), owner).context
    return context


def loaded_context_of(owner: Realm | Downstream) -> ssl.SSLContext | None:
    """Return what `context_of` would, None where it would have to load files."""
    files = _files(owner)
    known = _loaded.get(files)
    if known is None or not known.is_of(_stamp(files)):
        return None
    return known.context


def forget() -> None:
    """Read every file anew at the next call."""
    with _loading:
        _loaded.clear()


def _files(owner: Realm | Downstream) -> _Files:
    """Downstreams have the authorities that `requests` and `httpx` trust."""
    usual = certifi.where() if isinstance(owner, Downstream) else ""
    bundle = owner.ca_bundle or usual
    return _Files(bundle, owner.certificate, owner.certificate_key)


def _newest(files: _Files, owner: Realm | Downstream) -> _Loaded:
    """Load what is there now; stamped before, so that a change meanwhile is seen."""
    known, stamp = _loaded.get(files), _stamp(files)
    if known is not None and known.is_of(stamp):
        return known
    try:
        known = _loaded[files] = _Loaded(_made(files, owner), stamp)
    except ExchangeMisconfigured as error:
        if known is None:
            raise
        if stamp != known.refused:
            _log.warning("kc_exchange.certificates_not_renewed: %s", error)
        known.refused, known.again_at = stamp, time.monotonic() + _AGAIN
    return known


def _stamp(files: _Files) -> _Stamp:
    return tuple(_seen(path) for path in files if path)


def _seen(path: str) -> tuple[int, ...] | None:
    try:
        found = Path(path).stat()
    except OSError:
        return None
    return found.st_mtime_ns, found.st_ctime_ns, found.st_size, found.st_ino


def _made(files: _Files, owner: Realm | Downstream) -> ssl.SSLContext:
    try:
        context = ssl.create_default_context(cafile=files.ca_bundle or None)
    except OSError as error:
        raise _unreadable(
            owner,
            f"CA_BUNDLE of {_named(owner)} cannot be read ({_why(error)}).",
            "Check the path in CA_BUNDLE: a PEM file of certificate authorities that "
            "this process may read.",
            "ca_bundle_unreadable",
        ) from error
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    if files.certificate:
        _show(context, files, owner)
    return context


def _show(context: ssl.SSLContext, files: _Files, owner: Realm | Downstream) -> None:
    certificate, key = files.certificate, files.certificate_key or None
    try:
        # Without a passphrase, an empty one, OpenSSL would ask at the terminal.
        context.load_cert_chain(certificate, key, password="")
    except OSError as error:
        raise _unreadable(
            owner,
            f"The certificate of {_named(owner)}, or its key, cannot be read "
            f"({_why(error)}).",
            "Check the paths in CERTIFICATE and CERTIFICATE_KEY: PEM files of one pair "
            "that this process may read, the key without a passphrase.",
            "certificate_unreadable",
        ) from error


def _unreadable(
    owner: Realm | Downstream, cause: str, fix: str, diagnosis: str
) -> ExchangeMisconfigured:
    if isinstance(owner, Downstream):
        return ExchangeMisconfigured(
            cause, fix, audience=owner.name, diagnosis=diagnosis
        )
    return ExchangeMisconfigured(cause, fix, realm=owner.alias, diagnosis=diagnosis)


def _named(owner: Realm | Downstream) -> str:
    if isinstance(owner, Downstream):
        return f"downstream {owner.name!r}"
    return f"realm {owner.alias!r}"


def _why(error: OSError) -> str:
    reason = error.reason if isinstance(error, ssl.SSLError) else error.strerror
    return reason or type(error).__name__
