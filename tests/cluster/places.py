"""Where a token could have got to: what is there, and how one is planted."""

from __future__ import annotations

import base64
import email
import json
from dataclasses import dataclass
from email.message import EmailMessage
from typing import TYPE_CHECKING, Any

import redis
from django.core import signing

from tests.cluster.database import rows

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from tests.cluster.cluster import Cluster

SESSIONS = "django_session"


@dataclass(frozen=True)
class Place:
    """One kind of place."""

    name: str
    read: Callable[[Cluster], bytes]
    plant: Callable[[Cluster, str], None]


def _keys(cluster: Cluster) -> bytes:
    """Every key of Redis with what it holds."""
    return b"\n".join(
        part
        for number in range(3)
        for part in _database(redis.Redis.from_url(f"{cluster.redis.url}/{number}"))
    )


def _database(store: redis.Redis) -> Iterator[bytes]:
    readers: dict[Any, Callable[[bytes], Any]] = {
        b"string": store.get,
        b"list": lambda key: store.lrange(key, 0, -1),
        b"hash": store.hgetall,
        b"set": store.smembers,
        b"zset": lambda key: store.zrange(key, 0, -1),
    }
    with store:
        for key in store.scan_iter():
            value = readers[store.type(key)](key)
            yield (
                key
                + b" "
                + (value if isinstance(value, bytes) else repr(value).encode())
            )


def _plant_key(cluster: Cluster, text: str) -> None:
    with redis.Redis.from_url(f"{cluster.redis.url}/2") as store:
        store.set("kc_exchange:planted", text)


def _told(cluster: Cluster) -> bytes:
    """Every command that Redis was sent."""
    return cluster.redis.told.read_bytes()


def _plant_message(cluster: Cluster, text: str) -> None:
    """Send what Celery would; nobody takes it from this list."""
    body = base64.b64encode(json.dumps([[text], {}, {}]).encode()).decode()
    with redis.Redis.from_url(f"{cluster.redis.url}/0") as store:
        store.lpush("planted", json.dumps({"body": body}))
        store.delete("planted")


def _logs(cluster: Cluster) -> bytes:
    """What all processes logged, tracebacks among it."""
    return b"\n".join(log.read_bytes() for log in cluster.folder.glob("*.log"))


def _plant_line(cluster: Cluster, text: str) -> None:
    with cluster.log_of("celery").open("a") as log:
        log.write(f"ERROR Task failed: {text}\n")


def _mails(cluster: Cluster) -> bytes:
    """E-mails to administrators, with the page that shows local variables."""
    parts = [
        part.get_payload(decode=True)
        for file in cluster.mail.iterdir()
        for part in email.message_from_bytes(file.read_bytes()).walk()
    ]
    return b"\n".join(part for part in parts if isinstance(part, bytes))


def _plant_mail(cluster: Cluster, text: str) -> None:
    message = EmailMessage()
    message.set_content(f"Internal Server Error\n\ntoken = {text!r}\n")
    (cluster.mail / "planted").write_bytes(bytes(message))


def _pages(cluster: Cluster) -> bytes:
    """Pages of errors, as DEBUG shows them."""
    return "\n".join(cluster.pages).encode()


def _rows(cluster: Cluster, *, of_sessions: bool) -> bytes:
    """All rows of one table, or of all others."""
    query = "SELECT tablename FROM pg_tables WHERE schemaname = 'public'"
    names = [name for (name,) in rows(cluster, query)]
    wanted = [name for name in names if (name == SESSIONS) is of_sessions]
    found = (row for name in wanted for row in rows(cluster, f'SELECT * FROM "{name}"'))
    return b"\n".join(_as_bytes(value) for row in found for value in row)


def _as_bytes(value: object) -> bytes:
    return (
        bytes(value) if isinstance(value, bytes | memoryview) else str(value).encode()
    )


def _plant_session(cluster: Cluster, text: str) -> None:
    row = signing.dumps({"token": text}, key="any", compress=True)
    query = f"UPDATE {SESSIONS} SET session_data = session_data || %s"
    rows(cluster, query, [row])


def _plant_name(cluster: Cluster, text: str) -> None:
    query = "UPDATE auth_user SET last_name = %s WHERE username = 'operator-0'"
    rows(cluster, query, [text.rpartition(".")[2][:100]])


def _cookies(cluster: Cluster) -> bytes:
    """Every cookie that was set."""
    return "\n".join(cluster.set_cookies).encode()


PLACES = [
    Place("keys of Redis", _keys, _plant_key),
    Place("commands to Redis", _told, _plant_key),
    Place("messages of Celery", _told, _plant_message),
    Place("logs", _logs, _plant_line),
    Place("e-mails", _mails, _plant_mail),
    Place("pages", _pages, lambda cluster, text: cluster.pages.append(text)),
    Place("sessions", lambda c: _rows(c, of_sessions=True), _plant_session),
    Place("other rows", lambda c: _rows(c, of_sessions=False), _plant_name),
    Place("cookies", _cookies, lambda c, text: c.set_cookies.append(f"seen={text}")),
]
