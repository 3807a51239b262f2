#!/bin/sh
# What the container runs: `start` serves the portal; serve, worker, gate and any other command go to codex-portal as they are.
set -eu
if [ "${1-start}" = start ]; then
    [ $# = 0 ] || shift
    set -- serve "$@"
fi
exec codex-portal "$@"
