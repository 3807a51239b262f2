"""`codex-portal serve`, `worker`, `gate` and `migrate`: the processes of a portal on this machine."""
