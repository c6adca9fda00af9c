"""Settings that hold secrets stay in this process."""

from __future__ import annotations

from typing import NoReturn


class Unpicklable:
    """Refuse to be pickled: a pickle would carry the secrets in the clear."""

    __slots__ = ()

    def __reduce__(self) -> NoReturn:
        raise TypeError(
            f"{type(self).__name__} holds secrets and is not pickled. "
            "Fix: hand over its alias, and read the settings there."
        )
