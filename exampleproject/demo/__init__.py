"""Run the shop, its two services and Keycloak, and check that all of it holds."""
