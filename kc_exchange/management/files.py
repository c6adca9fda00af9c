"""Files that a subcommand writes: whole or not at all, for their owner alone."""

from __future__ import annotations

import os
import tempfile
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO, TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

_OWNER_ONLY, _EVERYBODY = 0o600, 0o666


@contextmanager
def replaced(path: Path, *, private: bool = True) -> Iterator[IO[str]]:
    """Open a file that takes the place of `path` when all is written.

    Its mode is 0600, or what the umask leaves if it is not `private`. What stood there
    stays if anything fails.

    Raises:
        OSError: it cannot be written there.
    """
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    try:
        with open(handle, "w", encoding="utf-8", newline="") as file:  # noqa: PTH123
            yield file
            file.flush()
            os.fsync(file.fileno())
            if not private:
                os.fchmod(file.fileno(), _EVERYBODY & ~_umask())
        Path(name).replace(path)
    except BaseException:
        with suppress(FileNotFoundError):
            Path(name).unlink()
        raise


def write_new(path: Path, data: bytes) -> None:
    """Write a file (mode 0600) where there is none yet.

    Raises:
        FileExistsError: there is one.
        OSError: it cannot be written.
    """
    handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, _OWNER_ONLY)
    with open(handle, "wb") as file:  # noqa: PTH123
        file.write(data)


def _umask() -> int:
    """There is no way to ask but to set it."""
    mask = os.umask(0o077)
    os.umask(mask)
    return mask
