"""A small shop that calls two services as its users, and the demo that runs it."""
