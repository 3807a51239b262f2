"""The gate: the one process that holds the container engine's socket, and lets only harmless calls through."""
