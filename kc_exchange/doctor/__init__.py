"""Find out why Keycloak refuses: go the way that a token goes, and look at each step.

`examine` needs no administrator: it asks what the project's own client may ask, and
tells the answers apart. `manage.py kc_exchange doctor` and a page of the admin show
its report.
"""

from kc_exchange.doctor.catalogue import CATALOGUE
from kc_exchange.doctor.examination import examine
from kc_exchange.doctor.findings import Finding, Report, State
from kc_exchange.doctor.text import lines, summary

__all__ = ["CATALOGUE", "Finding", "Report", "State", "examine", "lines", "summary"]
