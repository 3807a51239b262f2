# How bin/run and bin/dev bring up what the portal needs beside it; to be sourced after lib.sh, not run.

# start NAME COMMAND…: beside the portal, ended with it; its words go to a file of the data folder.
start() {
    local name=$1; shift
    setsid "$@" >>"$PORTAL_DATA/$name.log" 2>&1 </dev/null & # a Ctrl-C is for this script, which ends them in order
    STARTED+=($!)
}
await() { local _; for _ in $(seq 150); do "$@" && return 0; sleep 0.1; done; return 1; }

GIVEN_DATA=${PORTAL_DATA:-}
use_data() { export PORTAL_DATA=${GIVEN_DATA:-$ROOT/$1}; mkdir -p "$PORTAL_DATA"; }

serve_on_engine() {
    local kind socket
    kind=$(engine_kind)
    [ -n "$kind" ] && system_has haproxy || return 1
    use_data data
    if [ "$kind" = docker ]; then ensure_dockerd || return 1; socket=$DOCKER_SOCKET
    elif [ "$(id -u)" != 0 ]; then say "$(podman_needs_root)"; return 1
    else
        socket=$PORTAL_DATA/podman.sock
        start podman podman system service --time 0 "unix://$socket"
        await test -S "$socket" || { say "Podman did not start. Its words are in $PORTAL_DATA/podman.log"; return 1; }
    fi
    if [ "$PORTAL_DEMO" = true ]; then
        say "Looking for the images of the sample service (making them takes one to three minutes, once)"
        DOCKER=$kind with_progress "at the images" "$ROOT/bin/hello-images" >/dev/null || return 1
    fi
    export PORTAL_ENGINE=$kind PORTAL_ENGINE_SOCKET=${PORTAL_ENGINE_SOCKET:-$PORTAL_DATA/gate.sock}
    start gate "$PYTHON" -m portal.gate --engine "$socket" --listen "$PORTAL_ENGINE_SOCKET" --with-parent
    await test -S "$PORTAL_ENGINE_SOCKET" || { say "The gate did not start. Its words are in $PORTAL_DATA/gate.log"; return 1; }
}

# serve_on_engine_or_memory: sets PORTAL_ENGINE and PORTAL_DATA for the portal, and starts the gate if there is an engine.
serve_on_engine_or_memory() {
    if [ "${PORTAL_ENGINE:-}" != memory ] && serve_on_engine; then return; fi
    say "Serving on containers in memory: a demonstration, nothing real runs."
    export PORTAL_ENGINE=memory
    stop_started
    use_data data/memory # a world of its own: what is real later must not build on it
}

# One question for everything that is missing. Without debootstrap a registry may still have the demonstration's base.
install_needed() {
    need_python
    if [ "${PORTAL_ENGINE:-}" != memory ]; then
        if [ "$(engine_kind)" = podman ]; then need_package iptables; else need_package docker; fi # its networks want it
        need_package haproxy
        [ "$PORTAL_DEMO" = false ] || [ -e .run/hello/base.tar ] || need_package debootstrap
    fi
    install_missing || true
    expect_python
}
