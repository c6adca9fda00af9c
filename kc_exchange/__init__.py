"""Delegated downstream calls and audited impersonation, on Keycloak token exchange."""
