"""Errors of the network, without the frames whose variables hold a token."""

from __future__ import annotations

from typing import TypeVar

_Error = TypeVar("_Error", bound=BaseException)


def without_frames(error: _Error) -> _Error:
    """Return `error` without its traceback, and without what led to it.

    Its text and its type say what happened. The variables of `http.client` and its
    like, which debug pages and error reporters collect, say what was sent.
    """
    error.__cause__ = None
    error.__context__ = None
    return error.with_traceback(None)
