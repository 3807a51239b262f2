# Shell functions that the scripts of bin/ share; to be sourced, not run. Needs bash; changes nothing by itself.
ROOT=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
VENV=$ROOT/.venv
PYTHON=$VENV/bin/python
NO_INSTALL=${NO_INSTALL:-}
MISSING=()
STARTED=()
export PATH=$VENV/bin:$PATH
export PYRIGHT_PYTHON_IGNORE_WARNINGS=1 # or it asks a registry whether there is a newer one

say() { printf '%s %s\n' "$(date +%H:%M:%S)" "$*" >&2; }
die() { say "$*"; exit 1; }
has() { command -v "$1" >/dev/null 2>&1; }

# as_root COMMAND…: as it is for root, else with sudo; where neither can be, it says what to run.
as_root() {
    if [ "$(id -u)" = 0 ]; then "$@"
    elif has sudo && { [ -t 0 ] || sudo -n true 2>/dev/null; }; then sudo "$@"
    else say "This needs root. Run: sudo $*"; return 1
    fi
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
        podman) echo podman runc ;;
        redis) echo redis-server ;;
        python) echo python3-venv ;;
        *) echo "$1" ;;
    esac
}
system_has() {
    case $1 in
        docker) has docker && { has dockerd || engine_answers; } ;;
        haproxy) has haproxy || [ -x /usr/sbin/haproxy ] ;;
        debootstrap) has debootstrap || [ -x /usr/sbin/debootstrap ] ;;
        chromium) has chromium && fc-list 2>/dev/null | grep -qiE 'CJK|wqy' ;;
        postgresql) compgen -G '/usr/lib/postgresql/*/bin/initdb' >/dev/null ;;
        redis) has redis-server ;;
        python) "$(find_python)" -c 'import ensurepip, venv' 2>/dev/null ;;
        *) has "$1" ;;
    esac
}

# need_package WHAT: noted for install_missing, unless it is there. install_missing: one apt-get for all that was noted.
need_package() { local package; system_has "$1" || for package in $(system_packages "$1"); do MISSING+=("$package"); done; }
install_missing() {
    [ ${#MISSING[@]} -gt 0 ] || return 0
    local packages=("${MISSING[@]}"); MISSING=()
    if ! has apt-get; then say "Please install with the package manager of this system: ${packages[*]}"; return 1; fi
    with_asking "Install ${packages[*]} with apt-get?" "sudo apt-get install ${packages[*]}" apt_install "${packages[@]}"
}
apt_install() {
    say "Installing $* (this can take some minutes)"
    as_root apt-get update -qq &&
        as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "$@" >/dev/null
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

# ensure_dockerd: an engine answers afterwards. One that was started here is stopped by stop_started, no other.
engine_answers() { timeout 10 docker version --format '{{.Server.Version}}' >/dev/null 2>&1; }
ensure_dockerd() {
    engine_answers && return 0
    has dockerd || { say "There is no container engine. Run: bin/setup --system docker"; return 1; }
    if [ -d /run/systemd/system ]; then as_root systemctl start docker && engine_answers; return; fi
    local log=$ROOT/.run/dockerd.log
    mkdir -p "$ROOT/.run"
    say "Starting the container engine (log: .run/dockerd.log)"
    local pid tries sudo=(); [ "$(id -u)" = 0 ] || sudo=(sudo) # no function here: $! would be a shell in between
    "${sudo[@]}" setsid dockerd >"$log" 2>&1 </dev/null &
    pid=$!
    for tries in $(seq 120); do
        if engine_answers; then STARTED+=("$pid"); return 0; fi
        kill -0 "$pid" 2>/dev/null || break
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
