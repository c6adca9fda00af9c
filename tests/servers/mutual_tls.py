"""A server that says whose certificate it was shown, and files that change."""

from __future__ import annotations

import json
import threading
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import pytest
from cryptography.hazmat.primitives import serialization

from tests.servers.acts import replies
from tests.servers.certificates import (
    asking_for_certificate,
    authority,
    bundle,
    issue,
    server_context,
)
from tests.servers.fault_server import FaultServer

if TYPE_CHECKING:
    from pathlib import Path

    from tests.servers.acts import Act, Wire
    from tests.servers.certificates import Pair

_PEM = serialization.Encoding.PEM


def shown(wire: Wire) -> bool:
    """Say whose certificate this connection was opened with."""
    name = dict(pair[0] for pair in wire.sock.getpeercert()["subject"])["commonName"]  # type: ignore[attr-defined]
    return replies(json.dumps({"shown": name}))(wire)


def strict_server(folder: Path) -> FaultServer:
    """Return a server that talks to nobody without a certificate."""
    context = server_context(issue("server", authority()), folder)
    return FaultServer(shown, tls=asking_for_certificate(context, authority()))


@dataclass
class Held:
    """An act that says when a call has come, and does `then` once it is let go."""

    then: Act = shown
    came: threading.Event = field(default_factory=threading.Event)
    go_on: threading.Event = field(default_factory=threading.Event)

    def __call__(self, wire: Wire) -> bool:
        """Wait, then answer."""
        self.came.set()
        assert self.go_on.wait(30)
        return self.then(wire)


@dataclass
class Files:
    """A certificate and its key in two files, as an issuer's agent writes them."""

    folder: Path

    @property
    def certificate(self) -> str:
        """The path of the certificate."""
        return str(self.folder / "client.crt")

    @property
    def key(self) -> str:
        """The path of its key."""
        return str(self.folder / "client.key")

    @property
    def authorities(self) -> str:
        """The path of the authority that all are of."""
        return bundle(authority(), self.folder)

    def write(self, name: str) -> Pair:
        """Issue a pair for `name` and put both files in place."""
        pair = issue(name, authority())
        self.write_certificate(pair)
        self.write_key(pair)
        return pair

    def write_certificate(self, pair: Pair) -> None:
        """Put the certificate in place."""
        replace(self.folder / "client.crt", pair.certificate.public_bytes(_PEM))

    def write_key(self, pair: Pair, password: bytes = b"") -> None:
        """Put the key in place."""
        encryption: serialization.KeySerializationEncryption = (
            serialization.BestAvailableEncryption(password)
            if password
            else serialization.NoEncryption()
        )
        raw = pair.key.private_bytes(
            _PEM, serialization.PrivateFormat.PKCS8, encryption
        )
        replace(self.folder / "client.key", raw)


@pytest.fixture
def files(tmp_path: Path) -> Files:
    """Give the files of a first pair."""
    made = Files(tmp_path)
    made.write("first")
    return made


def replace(path: Path, content: bytes) -> None:
    """Put a new file in the place of the former, as rotation does."""
    fresh = path.with_suffix(".new")
    fresh.write_bytes(content)
    fresh.replace(path)
