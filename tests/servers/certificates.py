"""Certificates for one test: an authority, servers and clients, good and bad."""

from __future__ import annotations

import ipaddress
import ssl
import warnings
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import TYPE_CHECKING

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

if TYPE_CHECKING:
    from pathlib import Path

_PEM = serialization.Encoding.PEM
_DAY = timedelta(days=1)


@dataclass(frozen=True)
class Pair:
    """A certificate and its key."""

    certificate: x509.Certificate
    key: ec.EllipticCurvePrivateKey

    @property
    def pem(self) -> bytes:
        """The key and the certificate, as one file holds them."""
        return self.key.private_bytes(
            _PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        ) + self.certificate.public_bytes(_PEM)


@lru_cache
def authority(name: str = "Test authority") -> Pair:
    """Return an authority, the same for each name."""
    return issue(name, None)


def issue(
    name: str, by: Pair | None, *, host: str = "127.0.0.1", age: timedelta = _DAY
) -> Pair:
    """Return a certificate that began `age` ago and lasts two days."""
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    start = datetime.now(UTC) - age
    signer = key if by is None else by.key
    public = signer.public_key()
    builder = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject if by is None else by.certificate.subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(start)
        .not_valid_after(start + 2 * _DAY)
        .add_extension(x509.BasicConstraints(by is None, None), critical=True)
        .add_extension(
            x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False
        )
        .add_extension(
            x509.AuthorityKeyIdentifier.from_issuer_public_key(public), critical=False
        )
        .add_extension(_names(host), critical=False)
    )
    if by is None:
        builder = builder.add_extension(_signing(), critical=True)
    return Pair(builder.sign(signer, hashes.SHA256()), key)


def server_context(pair: Pair, folder: Path) -> ssl.SSLContext:
    """Return the context of a server that shows `pair`."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    path = folder / "server.pem"
    path.write_bytes(pair.pem)
    context.load_cert_chain(path)
    return context


def asking_for_certificate(context: ssl.SSLContext, by: Pair) -> ssl.SSLContext:
    """Let a server ask for a client's certificate of `by`."""
    context.verify_mode = ssl.CERT_REQUIRED
    context.load_verify_locations(cadata=by.certificate.public_bytes(_PEM).decode())
    return context


def only_tls_1_0(context: ssl.SSLContext) -> ssl.SSLContext:
    """Let a server speak nothing newer than TLS 1.0."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        context.minimum_version = ssl.TLSVersion.TLSv1
        context.maximum_version = ssl.TLSVersion.TLSv1
    context.set_ciphers("DEFAULT:@SECLEVEL=0")
    return context


def bundle(pair: Pair, folder: Path) -> str:
    """Write an authority's certificate and return the path."""
    path = folder / "authority.pem"
    path.write_bytes(pair.certificate.public_bytes(_PEM))
    return str(path)


def _names(host: str) -> x509.SubjectAlternativeName:
    try:
        return x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address(host))])
    except ValueError:
        return x509.SubjectAlternativeName([x509.DNSName(host)])


def _signing() -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=True,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        key_cert_sign=True,
        crl_sign=True,
        encipher_only=False,
        decipher_only=False,
    )
