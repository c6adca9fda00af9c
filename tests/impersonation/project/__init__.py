"""A project of its own: users of another model, and the record in another database."""
