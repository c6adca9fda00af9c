"""Run the shop, its services and Keycloak, and check that all of it holds."""
