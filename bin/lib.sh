# Shell functions that the scripts of bin/ share; to be sourced, not run. Needs bash; changes nothing by itself.
ROOT=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
VENV=$ROOT/.venv
PYTHON=$VENV/bin/python
NO_INSTALL=${NO_INSTALL:-}
MISSING=()
STARTED=()
DOCKER_SOCKET=/var/run/docker.sock
export PATH=$VENV/bin:$PATH:/usr/sbin:/sbin # where Debian has HAProxy and debootstrap, which users do not look into
export PYRIGHT_PYTHON_IGNORE_WARNINGS=1 # or it asks a registry whether there is a newer one

say() { printf '%s %s\n' "$(date +%H:%M:%S)" "$*" >&2; }
die() { say "$*"; exit 1; }
has() { command -v "$1" >/dev/null 2>&1; }

# can_be_root: is root, or may become it with sudo. as_root COMMAND…: as it is for root, else with sudo.
can_be_root() { [ "$(id -u)" = 0 ] || { has sudo && { [ -t 0 ] || sudo -n true 2>/dev/null; }; }; }
as_root() {
    if [ "$(id -u)" = 0 ]; then "$@"
    elif can_be_root; then sudo "$@"
    else say "This needs root. Run: sudo $*"; return 1
    fi
}

# with_progress WHAT COMMAND…: says every ten seconds that it is still at it.
with_progress() {
    local what=$1 ticker status=0; shift
    ticks "$what" & ticker=$!
    STARTED+=("$ticker") # a Ctrl-C ends it too
    "$@" || status=$?
    kill "$ticker" 2>/dev/null && wait "$ticker" 2>/dev/null || true
    unset 'STARTED[-1]'
    return "$status"
}
ticks() {
    local begun=$SECONDS
    exec 8<> <(:) # nothing ever comes from there: a pause without another process
    while kill -0 $$ 2>/dev/null; do read -rt 10 -u 8 || say "Still $1 ($((SECONDS - begun)) s)"; done
}

# with_asking QUESTION BY_HAND COMMAND…: a terminal is asked (default yes), without one it goes ahead, NO_INSTALL=1 refuses.
# Whoever refuses is told BY_HAND, the command that does the same.
with_asking() {
    local question=$1 by_hand=$2 answer=; shift 2
    if [ -n "$NO_INSTALL" ]; then say "Not done because of --no-install. Run: $by_hand"; return 1; fi
    if [ -t 0 ]; then
        read -r -p "$question [Y/n] " answer || answer=n
        case $answer in [Nn]*) say "Left as it is. To do it yourself: $by_hand"; return 1 ;; esac
    else say "$question Yes, as no terminal is there to ask."
    fi
    "$@"
}

# system_packages WHAT: the Debian packages that bring it. system_has WHAT: whether it is there already.
system_packages() {
    case $1 in
        docker) echo docker.io ;;
        chromium) echo chromium fonts-noto-cjk ;;
        podman) echo podman runc netavark iptables ;;
        redis) echo redis-server ;;
        nginx) echo nginx-light ;;
        python) echo python3 python3-venv ;;
        *) echo "$1" ;;
    esac
}
system_has() {
    case $1 in
        docker) has docker && { has dockerd || engine_answers; } ;;
        docker-compose) has docker-compose || docker compose version >/dev/null 2>&1 ;;
        haproxy) has haproxy || [ -x /usr/sbin/haproxy ] ;;
        debootstrap) has debootstrap || [ -x /usr/sbin/debootstrap ] ;;
        chromium) has chromium && fc-list 2>/dev/null | grep -qiE 'CJK|wqy' ;;
        postgresql) compgen -G '/usr/lib/postgresql/*/bin/initdb' >/dev/null ;;
        redis) has redis-server ;;
        python) "$(find_python 2>/dev/null)" -c 'import ensurepip, venv' 2>/dev/null ;;
        *) has "$1" ;;
    esac
}

# need_package WHAT: noted for install_missing, unless it is there. install_missing: one apt-get for all that was noted.
need_package() { local package; system_has "$1" || for package in $(system_packages "$1"); do MISSING+=("$package"); done; }
install_missing() {
    [ ${#MISSING[@]} -gt 0 ] || return 0
    local packages=("${MISSING[@]}") sudo=; MISSING=()
    if ! has apt-get; then say "Please install with the package manager of this system: ${packages[*]}"; return 1; fi
    [ "$(id -u)" = 0 ] || sudo='sudo '
    local by_hand="${sudo}apt-get update && ${sudo}apt-get install ${packages[*]}"
    if ! can_be_root; then say "Not here, and installing needs root: ${packages[*]}. Run: $by_hand"; return 1; fi
    with_asking "Install ${packages[*]} with apt-get?" "$by_hand" apt_install "${packages[@]}" && return 0
}
apt_install() {
    say "Installing $* (this can take some minutes)"
    as_root apt-get update -qq || return 1
    case " $* " in *" docker.io "*) ! apt-cache show docker-cli >/dev/null 2>&1 || set -- "$@" docker-cli ;; esac # Debian 13
    with_progress "installing" as_root env DEBIAN_FRONTEND=noninteractive \
        apt-get install -y -qq --no-install-recommends "$@" >/dev/null
}

# find_python: prints a Python of at least 3.11.
find_python() {
    local name
    for name in python3 python3.13 python3.12 python3.11 python3.14; do
        if has "$name" && "$name" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then
            command -v "$name"; return 0
        fi
    done
    say "No Python 3.11 or newer was found. Install one (Debian 12, Ubuntu 24.04: apt-get install python3 python3-venv)."
    return 1
}

# need_python: what the virtual environment is made of, unless that is there and works.
venv_works() { [ -x "$PYTHON" ] && "$PYTHON" -c 'import pip, sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; }
need_python() { venv_works || need_package python; }
expect_python() { venv_works || system_has python || die "Nothing can be set up without Python 3.11 and python3-venv. Install them, then start this again."; }

# engine_kind: which container engine this machine has: docker, podman, or no word.
engine_kind() {
    if has dockerd || [ -S "$DOCKER_SOCKET" ]; then echo docker
    elif has podman; then echo podman
    fi
}
podman_needs_root() { # why, and the way out
    echo "Podman runs here, but without root its containers are in a network that the proxy cannot reach. Run: sudo bin/run"
}

# ensure_dockerd: an engine answers afterwards. One that was started here is stopped by stop_started, no other.
engine_answers() { timeout 10 docker version --format '{{.Server.Version}}' >/dev/null 2>&1; }
may_use_engine() {
    [ ! -S "$DOCKER_SOCKET" ] || [ -w "$DOCKER_SOCKET" ] && return 0
    say "You may not use the container engine ($DOCKER_SOCKET). Run: sudo usermod -aG docker $(id -un), and sign in" \
        "again; or use sudo for this script"
    return 1
}
ensure_dockerd() {
    engine_answers && return 0
    may_use_engine || return 1
    has dockerd || { say "There is no container engine. Run: bin/setup --system docker"; return 1; }
    if [ -d /run/systemd/system ]; then
        can_be_root || { say "The container engine is not running. Run: sudo systemctl start docker"; return 1; }
        as_root systemctl start docker && may_use_engine && engine_answers; return
    fi
    can_be_root || { say "The container engine is not running, and starting it needs root. Run: sudo dockerd"; return 1; }
    local log=$ROOT/.run/dockerd.log
    mkdir -p "$ROOT/.run"
    say "Starting the container engine (log: .run/dockerd.log)"
    local pid tries sudo=(); [ "$(id -u)" = 0 ] || sudo=(sudo) # no function here: $! would be a shell in between
    "${sudo[@]}" setsid dockerd >"$log" 2>&1 </dev/null &
    pid=$!
    for tries in $(seq 120); do
        if engine_answers; then STARTED+=("$pid"); return 0; fi
        kill -0 "$pid" 2>/dev/null || break
        may_use_engine || break
        sleep 0.5
    done
    as_root kill "$pid" 2>/dev/null || true
    say "The container engine did not start. Its last words:"; tail -n 5 "$log" >&2
    return 1
}

# stop_started: ends what this script started, newest first, and waits for it. How that ended is not how the script did.
stop_started() {
    local index pid
    for ((index = ${#STARTED[@]} - 1; index >= 0; index--)); do
        pid=${STARTED[$index]}
        as_root kill -TERM "$pid" 2>/dev/null && wait "$pid" 2>/dev/null || true
    done
    STARTED=()
}
