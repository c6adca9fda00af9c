"""Processes that share exchanged tokens: those with one key do, others do not."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from tests.servers.proofs import binds, key_pem, proved

if TYPE_CHECKING:
    from tests.servers.site import Site

ROOT = Path(__file__).parents[2]


def test_processes__with_one_key_share_the_token(
    bound_site: Site, tmp_path: Path
) -> None:
    """The second uses the first's token, and proves the same key for itself."""
    bound_site.deadline = 20.0
    bound_site.keycloak.acts = [binds(), binds()]
    subject = bound_site.subject()

    call(bound_site, subject, tmp_path)
    call(bound_site, subject, tmp_path)
    bound_site.realm["DPOP_KEY"] = key_pem()
    call(bound_site, subject, tmp_path)

    tokens = bound_site.downstream.tokens
    assert tokens[0] == tokens[1] != tokens[2]
    assert len(bound_site.keycloak.asked) == 2
    one, two, other = (
        proved(
            request.headers["dpop"],
            "GET",
            f"{bound_site.downstream.url}v1/orders",
            str(request.token),
        )
        for request in bound_site.downstream.requests
    )
    assert one.thumbprint == two.thumbprint != other.thumbprint
    assert one.claims["jti"] != two.claims["jti"]
    kept = b"".join(path.read_bytes() for path in tmp_path.iterdir())
    assert kept
    assert not any(token.encode() in kept for token in tokens)


def call(site: Site, subject: str, folder: Path) -> None:
    """Call from a process of its own, with a cache of files."""
    site.configure()
    shared = {"ALIAS": "files", "TIMEOUT": 1.0, "KEYS": ["k" * 40]}
    backend = "django.core.cache.backends.filebased.FileBasedCache"
    caches = {
        "default": {"BACKEND": "django.core.cache.backends.locmem.LocMemCache"},
        "files": {"BACKEND": backend, "LOCATION": str(folder)},
    }
    ran = subprocess.run(  # noqa: S603 - our own script
        [
            *(sys.executable, "-m", "tests.dpop.caller"),
            json.dumps({**site.settings.KC_EXCHANGE, "SHARED_CACHE": shared}),
            json.dumps(caches),
            subject,
        ],
        cwd=ROOT,
        env={**os.environ, "DJANGO_SETTINGS_MODULE": "tests.settings"},
        capture_output=True,
        text=True,
        timeout=180,
        check=False,
    )
    assert ran.returncode == 0, ran.stderr
