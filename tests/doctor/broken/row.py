"""One broken set-up: how it is broken, and what `doctor` has to say of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from tests.doctor.kinds import Kind
from tests.doctor.tokens import Login
from tests.real_keycloak import STANDARD

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.doctor.changes import Change
    from tests.doctor.tokens import Step
    from tests.doctor.world import World

Setting = Mapping[str, Any]
ALICE = Login()


@dataclass(frozen=True)
class Broken:
    """A set-up with one thing in it that is wrong."""

    name: str
    code: str
    cause: str
    """Words of the cause."""
    fix: str
    """Words of the fix."""
    about: str = "downstream orders-api"
    state: str = "wrong"
    provision: bool | None = False
    """Whether `provision` is said to set it right; None: that it may."""
    console: str = ""
    setting: str = ""
    changes: tuple[Change, ...] = ()
    settings: Setting | Callable[[World], Setting] = field(default_factory=dict)
    """What KC_EXCHANGE says in place of what it should."""
    token: Step | None = ALICE
    audience: str = "orders-api"
    target: str = ""
    on: tuple[str, ...] = (STANDARD,)
    """Features of the servers that it is made on."""
    annex: bool = False
    """Whether the second realm is needed, though no downstream of it is looked at."""
    embedded: bool = True
    """Whether the embedded server can be broken like this."""

    @property
    def needs_annex(self) -> bool:
        """Whether the second realm has to be there."""
        return self.annex or self.about.startswith("downstream stock")

    def kinds(self) -> list[Kind]:
        """Return the servers that it is made on."""
        real = [Kind(features, real=True) for features in self.on]
        embedded = [Kind(f, real=False) for f in self.on]
        return [*real, *(embedded if self.embedded else ())]


def realm(**values: Any) -> dict[str, Any]:
    """Return other settings of the realm `default`."""
    return {"REALMS": {"default": values}}


def downstream(name: str = "orders-api", **values: Any) -> dict[str, Any]:
    """Return other settings of a downstream."""
    return {"DOWNSTREAMS": {name: values}}


REALM = "KC_EXCHANGE['REALMS']['default']"
ORDERS = "KC_EXCHANGE['DOWNSTREAMS']['orders-api']"
