"""Jobs in processes of their own: several workers, and Celery on a real Redis."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from base64 import b64decode
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from tests.jobs.test_offline import offline_tokens
from tests.jobs.works import REALM

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from kc_exchange.testing import DownstreamRecorder, EmbeddedKeycloak

ROOT = Path(__file__).parents[2]
WAIT = 60
WORKERS = 4


@dataclass
class Project:
    """What processes of the project are given."""

    keycloak: Any
    service: Any
    given: dict[str, Any]

    @property
    def environment(self) -> dict[str, str]:
        """The variables of its processes."""
        told = {"KC_EXCHANGE_PROJECT": json.dumps(self.given)}
        return {**os.environ, **told, "DJANGO_SETTINGS_MODULE": ""}

    def process(self, *arguments: str) -> subprocess.Popen[str]:
        """Begin to do something."""
        return subprocess.Popen(  # noqa: S603 - our own arguments
            [sys.executable, "-m", *arguments],
            cwd=ROOT,
            env=self.environment,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def do(self, *arguments: str) -> str:
        """Do something in a new process; return what it prints."""
        with self.process("tests.jobs.project", *arguments) as process:
            out, err = process.communicate("\n", timeout=WAIT)
            assert process.returncode == 0, err
        return out.split()[-1] if out.strip() else ""


@pytest.fixture
def project(
    configure: Callable[..., None],
    embedded_keycloak: EmbeddedKeycloak,
    kc_downstream: DownstreamRecorder,
    settings: Any,
    tmp_path: Path,
) -> Iterator[Project]:
    configure(embedded_keycloak, kc_downstream)
    kept = offline_tokens(embedded_keycloak)
    names = ("access_token", "refresh_token", "id_token", "expires_at")
    yield Project(
        embedded_keycloak,
        kc_downstream,
        {
            "database": str(tmp_path / "project.sqlite3"),
            "kc_exchange": settings.KC_EXCHANGE,
            "tokens": {
                n: str(v) if isinstance(v := getattr(kept, n), str) else v
                for n in names
            },
            "redis": os.environ.get("KC_EXCHANGE_REDIS", "memory://"),
        },
    )
    embedded_keycloak.realm(REALM).revoke_refresh_token = False


def test_many_workers__lose_no_rotated_token(project: Project) -> None:
    """Keycloak takes each refresh token once: one worker refreshes, all call."""
    project.keycloak.realm(REALM).revoke_refresh_token = True
    reference = project.do("begin")
    for _ in range(2):
        project.do("expire")
        workers = [
            project.process("tests.jobs.project", "call", reference)
            for _ in range(WORKERS)
        ]
        begun = [worker.stdout.readline() for worker in workers if worker.stdout]
        assert begun == ["begun\n"] * WORKERS
        project.keycloak.slow_next(1)
        for worker in workers:
            assert worker.stdin
            worker.stdin.write("\n")
            worker.stdin.flush()
        done = [worker.communicate(timeout=WAIT) for worker in workers]
        assert [out.strip() for out, _ in done] == ["200"] * WORKERS, done

    assert len(project.service.requests) == 2 * WORKERS


@pytest.mark.redis
def test_celery_on_redis(project: Project) -> None:
    """A worker process calls for the user, until they log out; Redis has no token."""
    import redis  # noqa: PLC0415
    from celery import Celery  # noqa: PLC0415

    url = project.given["redis"]
    client = Celery("client", broker=url, backend=url)
    store = redis.Redis.from_url(url)
    reference = project.do("begin")
    sent = client.send_task("tests.jobs.project.fetch_orders", (reference,))
    (message,) = store.lrange("celery", 0, -1)
    worker = project.process(
        "celery", "-A", "tests.jobs.project:app", "worker", "--pool=solo", "-l", "INFO"
    )
    try:
        assert sent.get(timeout=WAIT) == 200
        calls = len(project.service.requests)
        project.do("logout")
        late = client.send_task("tests.jobs.project.fetch_orders", (reference,))
        with pytest.raises(Exception, match="logged out") as caught:
            late.get(timeout=WAIT)
    finally:
        worker.terminate()
        told = "".join(worker.communicate(timeout=WAIT))

    assert type(caught.value).__name__ == "SubjectGone"
    assert len(project.service.requests) == calls == 1
    body = b64decode(json.loads(message)["body"]).decode()
    assert reference in body
    left = repr([store.dump(key) for key in store.scan_iter()])
    names = ("access_token", "refresh_token", "id_token")
    tokens = [project.given["tokens"][name] for name in names]
    for secret in (*tokens, *project.service.tokens):
        assert secret[:32] not in f"{message!r}{body}{left}{told}"
