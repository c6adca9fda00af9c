"""Take identities and tokens from identity providers, and pass tokens of theirs on.

A provider is asked over HTTP, as Keycloak asks it: another realm, or whatever else
answers at the addresses of its configuration.
"""
