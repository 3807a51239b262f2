"""`python -m portal.cli`, where the script `codex-portal` is not on the path."""

from portal.cli import main

main()
