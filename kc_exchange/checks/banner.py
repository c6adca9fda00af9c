"""Look through the project's templates for the banner."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from django.template import engines
from django.template.backends.django import DjangoTemplates
from django.template.utils import get_app_template_dirs

if TYPE_CHECKING:
    from collections.abc import Iterator

_TAG = b"impersonation_banner"
_OURS = ("kc_exchange/", "admin/kc_exchange/")
_SUFFIXES = frozenset({".html", ".htm", ".xhtml", ".django", ".txt", ""})
_LARGEST = 1_000_000
"""Bytes: no template that a person wrote is longer."""


def is_shown_somewhere() -> bool:
    """Return whether a template that is not this package's names the banner's tag.

    True as well where the project has no engine of Django's: the tag is for those.
    """
    found = [e for e in engines.all() if isinstance(e, DjangoTemplates)]
    return not found or any(_names_it(path) for e in found for path in _templates(e))


def _templates(engine: DjangoTemplates) -> Iterator[Path]:
    """Yield what the engine may load from files, the project's own first."""
    folders = [*map(Path, engine.engine.dirs), *get_app_template_dirs("templates")]
    for folder in folders:
        for path in folder.rglob("*"):
            name = path.relative_to(folder).as_posix()
            if path.suffix in _SUFFIXES and not name.startswith(_OURS):
                yield path


def _names_it(path: Path) -> bool:
    try:
        return path.stat().st_size <= _LARGEST and _TAG in path.read_bytes()
    except OSError:
        return False
