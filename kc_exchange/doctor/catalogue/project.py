"""What can be wrong with the project itself."""

from __future__ import annotations

from kc_exchange.doctor.catalogue.entry import Entry

PROJECT: dict[str, Entry] = {
    "settings_unusable": Entry("{what}", "{hint}", setting="KC_EXCHANGE"),
    "check_failed": Entry("{what}", "{hint}"),
    "check_warns": Entry("{what}", "{hint}", state="warning"),
    "login_keeps_nothing": Entry(
        "{app} is installed, and {missing} is not: a login keeps no token, and every "
        "call as a user fails.",
        "{how}",
        setting="{setting}",
        state="warning",
    ),
}
