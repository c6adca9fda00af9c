"""Where the tables of the project are."""

from __future__ import annotations

from typing import Any

_RECORDS = {"impersonationgrant", "granttoken", "auditevent", "audithead"}


class Router:
    """Grants, their tokens and the record are in `records`, the rest in `default`."""

    def db_for_read(self, model: Any, **_hints: Any) -> str:
        """Return where a model is read from."""
        return self._of(model._meta.app_label, model._meta.model_name)

    def db_for_write(self, model: Any, **_hints: Any) -> str:
        """Return where a model is written to: the same place."""
        return self._of(model._meta.app_label, model._meta.model_name)

    def allow_migrate(
        self, db: str, app_label: str, model_name: str | None = None, **_hints: Any
    ) -> bool | None:
        """Say whether a table is made in a database."""
        if model_name is None:
            return None
        return db == self._of(app_label, model_name)

    def _of(self, app_label: str, model_name: str) -> str:
        ours = app_label == "kc_exchange" and model_name in _RECORDS
        return "records" if ours else "default"
