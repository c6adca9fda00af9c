"""A small shop that calls services as its users, and the demo that runs it."""
