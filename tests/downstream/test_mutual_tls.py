"""Certificates that are shown to downstreams (RFC 8705)."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from kc_exchange.downstream import DownstreamSession
from kc_exchange.exceptions import ExchangeMisconfigured
from tests.downstream.tls import (
    REFUSED,
    Call,
    call,
    showing,
    strict,
)
from tests.downstream.tools import CountingSource
from tests.servers import assert_tells_nothing
from tests.servers.certificates import authority, issue
from tests.servers.mutual_tls import Files, files, replace

if TYPE_CHECKING:
    from pathlib import Path

    from tests.servers import FaultServer

__all__ = ["call", "files", "strict"]


def test_certificate__is_shown(call: Call, strict: FaultServer, files: Files) -> None:
    """Two files, and one connection for all calls."""
    downstream = showing(strict, files)

    assert [call(downstream) for _ in range(3)] == ["first"] * 3
    assert strict.connections == 1


def test_certificate__in_one_file(
    call: Call, strict: FaultServer, files: Files
) -> None:
    """The key may stand beside it."""
    both = files.folder / "both.pem"
    both.write_bytes(issue("both", authority()).pem)

    assert call(showing(strict, files, certificate=str(both), certificate_key="")) == (
        "both"
    )


def test_certificate__is_missing(call: Call, strict: FaultServer, files: Files) -> None:
    """The server refuses, and no request reaches it."""
    with pytest.raises(REFUSED) as caught:
        call(showing(strict, files, certificate="", certificate_key=""))

    assert strict.requests == []
    assert_tells_nothing(caught.value, "", "token-1")


@pytest.mark.parametrize("key", ["missing", "another", "locked", "garbage"])
def test_files__that_never_could_be_read(
    call: Call, strict: FaultServer, files: Files, key: str
) -> None:
    """The settings to look at are named; nobody is asked for a passphrase."""
    pair = issue("other", authority())
    if key == "locked":
        pair = files.write("first")
        files.write_key(pair, b"secret")
    elif key == "another":
        files.write_key(pair)
    elif key == "garbage":
        replace(files.folder / "client.key", b"nonsense")
    else:
        (files.folder / "client.key").unlink()

    with pytest.raises(ExchangeMisconfigured) as caught:
        call(showing(strict, files))

    assert "downstream 'orders-api'" in caught.value.cause
    assert "CERTIFICATE_KEY" in caught.value.fix
    assert caught.value.audience == "orders-api"
    assert strict.requests == []


def test_downstreams__share_no_certificate(
    call: Call, strict: FaultServer, files: Files, tmp_path: Path
) -> None:
    """Two at one address: each shows its own, however often they alternate."""
    folder = tmp_path / "other"
    folder.mkdir()
    other = Files(folder)
    other.write("other")
    ours = showing(strict, files)
    theirs = showing(strict, other, ca_bundle=ours.ca_bundle)
    seen = [call(one) for _ in range(2) for one in (ours, theirs)]

    assert seen == ["first", "other"] * 2


def test_session__call_with_files_of_its_own(
    strict: FaultServer, files: Files, tmp_path: Path
) -> None:
    """What a call names in `cert` and `verify` is its own, and nobody else's."""
    folder = tmp_path / "own"
    folder.mkdir()
    own = Files(folder)
    own.write("own")
    with DownstreamSession(showing(strict, files), CountingSource()) as session:
        seen = [
            session.get("x", **named).json()["shown"]
            for named in (
                {},
                {"cert": (own.certificate, own.key)},
                {"verify": own.authorities, "cert": (own.certificate, own.key)},
                {},
            )
        ]

    assert seen == ["first", "own", "own", "first"]
