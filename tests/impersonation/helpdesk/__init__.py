"""A small project whose operators act as its customers."""
