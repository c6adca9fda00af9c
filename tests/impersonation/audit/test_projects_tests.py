"""The tests of a project that uses the app go on working, whatever they record."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest

from tests.impersonation.audit.engines import SERVERS, server

SETTINGS = """
import json, os
from importlib.util import find_spec
from tests.settings import *

if "mysql" in os.environ["DATABASE"] and find_spec("MySQLdb") is None:
    import pymysql
    pymysql.install_as_MySQLdb()
DATABASES = {"default": json.loads(os.environ["DATABASE"])}
ROOT_URLCONF = "test_project"
"""
TESTS = '''
import os

import pytest
from django.contrib.auth.models import Group
from django.core.management import call_command
from django.db import connection, transaction
from django.test import TestCase, TransactionTestCase
from django.urls import include, path

from kc_exchange.impersonation import audit
from kc_exchange.impersonation.audit.guards import missing_guards
from kc_exchange.impersonation.people import Person
from kc_exchange.models import AuditEvent

SERIALIZED = "SERIALIZED" in os.environ
urlpatterns = [path("impersonation/", include("kc_exchange.urls"))]


def record():
    before = AuditEvent.objects.count()
    event = audit.Event(type="token.issued", operator=Person(id="2", name="sam"))
    audit.record(event)
    audit.committed(lambda append: append(event))
    with audit.pending(), transaction.atomic():
        Group.objects.create(name="rolled back")
        audit.record(event)
        transaction.set_rollback(True)
    assert AuditEvent.objects.count() == before + 3
    Group.objects.create(name="sellers")
    assert Group.objects.count() == 1
    assert not [m for m in missing_guards(connection) if m.number != "W022"]


class Plain(TestCase):
    """Each begins with what was there before the class."""

    @classmethod
    def setUpTestData(cls):
        cls.before = AuditEvent.objects.count()

    def test_one(self):
        record()

    def test_two(self):
        assert AuditEvent.objects.count() == self.before
        record()


class Real(TransactionTestCase):
    """Its tables are flushed after each; the record stays, and stays guarded."""

    serialized_rollback = SERIALIZED

    def test_one(self):
        record()

    def test_two(self):
        record()
        call_command("flush", interactive=False, verbosity=0)
        assert not Group.objects.exists()
        record()


class Late(Plain):
    """A test case after others have really committed."""
'''
PYTEST = """

@pytest.mark.django_db
def test_plain():
    record()


@pytest.mark.django_db(transaction=True, serialized_rollback=SERIALIZED)
@pytest.mark.parametrize("number", [1, 2])
def test_transactional(number):
    record()


def test_after_that(db):
    record()
"""


@pytest.fixture(params=["sqlite", *SERVERS])
def project(request: pytest.FixtureRequest, tmp_path: Path) -> dict[str, str]:
    """Return the environment of a project's test run, on each database."""
    database: dict[str, Any]
    if request.param == "sqlite":
        database = {"ENGINE": "django.db.backends.sqlite3", "NAME": ":memory:"}
    else:
        database = server(request.param)
        database["TEST"] = {"NAME": f"test_{uuid4().hex[:12]}"}
    (tmp_path / "project_settings.py").write_text(SETTINGS)
    (tmp_path / "test_project.py").write_text(TESTS + PYTEST)
    return {
        **os.environ,
        "DATABASE": json.dumps(database),
        "DJANGO_SETTINGS_MODULE": "project_settings",
        "PYTHONPATH": f"{tmp_path}{os.pathsep}{Path.cwd()}",
        "PYTHONWARNINGS": "error::ResourceWarning",
    }


def run(folder: Path, environment: dict[str, str], *command: str) -> str:
    """Run Python in the folder; fail with what it printed."""
    done = subprocess.run(  # noqa: S603 - a command of the test's own
        [sys.executable, *command],
        cwd=folder,
        env=environment,
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout + done.stderr


@pytest.mark.parametrize("options", [[], ["--nomigrations"], ["SERIALIZED"]])
def test_pytest(tmp_path: Path, project: dict[str, str], options: list[str]) -> None:
    if "SERIALIZED" in options:
        options, project["SERIALIZED"] = [], "1"
    options = [*options, "-q", "-p", "no:cacheprovider", "test_project.py"]
    assert "10 passed" in run(tmp_path, project, "-m", "pytest", *options)


@pytest.mark.parametrize(
    "options", [[], ["--parallel", "2"], ["--reverse"], ["SERIALIZED"]]
)
def test_djangos_runner(
    tmp_path: Path, project: dict[str, str], options: list[str]
) -> None:
    if "SERIALIZED" in options:
        options, project["SERIALIZED"] = [], "1"
    (tmp_path / "test_project.py").write_text(TESTS)
    out = run(tmp_path, project, "-m", "django", "test", *options)
    assert "Ran 6 tests" in out
