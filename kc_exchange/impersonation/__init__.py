"""Audited impersonation: an overlay on a grant, re-checked at every request."""
