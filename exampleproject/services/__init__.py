"""What the services have in common; each is a process and a project of its own."""
