"""Call a service as a process of its own; run by `test_processes`.

Arguments: KC_EXCHANGE and CACHES as JSON, and the access token of a user.
"""

from __future__ import annotations

import json
import sys

import django
from django.conf import settings


def main() -> None:
    """Call once."""
    settings.KC_EXCHANGE = json.loads(sys.argv[1])
    settings.CACHES = json.loads(sys.argv[2])
    django.setup()
    from kc_exchange import downstream_session  # noqa: PLC0415
    from kc_exchange.context import using_subject_token  # noqa: PLC0415

    with using_subject_token(sys.argv[3]), downstream_session("orders-api") as session:
        assert session.get("v1/orders").status_code == 200


if __name__ == "__main__":
    main()
