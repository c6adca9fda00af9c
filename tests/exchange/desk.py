"""An operator in front of a fault server."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pytest

from kc_exchange import conf, exchange
from kc_exchange.tokens import SubjectToken
from tests.servers import assert_tells_nothing
from tests.servers.site import SECRET, Site

if TYPE_CHECKING:
    from kc_exchange.exceptions import ExchangeError
    from kc_exchange.exchange import Impersonated


@dataclass
class Desk:
    """Olga, who acts as Alice by way of a fault server."""

    site: Site

    def operator(self, **claims: Any) -> str:
        """Her token."""
        own = {"sub": "olga", "sid": "session-of-olga"}
        return self.site.subject(**own | claims)

    def act(self, operator: str = "", target: str = "alice") -> Impersonated:
        """Impersonate."""
        self.site.configure()
        realm = conf.current().realm("default")
        token = SubjectToken(value=operator or self.operator())
        return exchange.impersonate(token, target, realm)

    def refuses(
        self, kind: type[ExchangeError], operator: str = "", target: str = "alice"
    ) -> ExchangeError:
        """Impersonate in vain; the error has a cause, a fix and no secret."""
        token = operator or self.operator()
        with pytest.raises(kind) as caught:
            self.act(token, target)
        assert caught.value.cause
        assert caught.value.fix
        assert_tells_nothing(caught.value, self.site.log.text, token, SECRET)
        return caught.value


@pytest.fixture
def desk(site: Site) -> Desk:
    """Give an operator at a site whose Keycloak grants everything."""
    return Desk(site)
