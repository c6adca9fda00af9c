"""What an error report would show of the frames of this package."""

from __future__ import annotations

import sys
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import pytest
from django.contrib.auth import HASH_SESSION_KEY
from django.core.management import call_command
from django.views.debug import SafeExceptionReporterFilter

from kc_exchange.exceptions import SubjectGone
from tests.jobs.test_offline import let_session_expire, let_token_expire, nightly
from tests.jobs.test_session import expire
from tests.jobs.works import Works, call

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from types import FrameType

pytestmark = pytest.mark.django_db(transaction=True)
__all__ = ["nightly"]
WATCHED = ("kc_exchange.capture", "kc_exchange.jobs", "kc_exchange.logout")


class Watch:
    """Look at each frame of the package as Django does when it reports an error."""

    def __init__(self) -> None:
        self.seen: dict[str, str] = {}
        self._filter = SafeExceptionReporterFilter()

    def __call__(self, frame: FrameType, event: str, _argument: object) -> None:
        """Keep what a function that is about to return, or to raise, would show."""
        module = str(frame.f_globals.get("__name__", ""))
        if event != "return" or not module.startswith(WATCHED):
            return
        if frame.f_code.co_filename == "<string>":  # a dataclass, which a test may make
            return
        shown = self._filter.get_traceback_frame_variables(None, frame)
        for name, value in shown:
            place = f"{module}.{frame.f_code.co_qualname}: {name}"
            self.seen[place] = self.seen.get(place, "") + repr(value)

    def places(self, *secrets: str) -> list[str]:
        """Return the functions, and their variables, that would show a secret."""
        return [
            place
            for place, shown in self.seen.items()
            if any(secret in shown for secret in secrets)
        ]


@contextmanager
def watching() -> Iterator[Watch]:
    watch = Watch()
    sys.setprofile(watch)
    try:
        yield watch
    finally:
        sys.setprofile(None)


def job(works: Works) -> None:
    reference = works.reference()
    assert call(reference) == 200


def renewal(works: Works) -> None:
    reference = works.reference()
    expire(works)
    assert call(reference) == 200


def request(works: Works) -> None:
    expire(works)
    works.client.get("/start/")


def night(works: Works) -> None:
    reference = works.reference(offline="yes")
    works.reference(offline="yes")
    call_command("kc_exchange", "sweep")
    let_session_expire(works)
    let_token_expire()
    assert call(reference) == 200


def logout(works: Works) -> None:
    reference = works.reference()
    works.client.logout()
    with pytest.raises(SubjectGone):
        call(reference)


@pytest.mark.parametrize("act", [job, renewal, request, night, logout])
def test_report__shows_no_key_of_a_session(
    nightly: Works, act: Callable[[Works], Any]
) -> None:
    """Whoever has the key of a session is its user, and reports go far."""
    session = nightly.session()
    secrets = (session.session_key, session[HASH_SESSION_KEY])
    with watching() as watch:
        act(nightly)

    assert watch.seen
    assert watch.places(*secrets) == []
