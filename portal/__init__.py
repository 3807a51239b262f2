"""Codex Father Portal: containers, releases and canaries on plain Docker or Podman hosts."""

__version__ = "0.1.0"
