"""The shop itself: its pages, its API and its people."""
