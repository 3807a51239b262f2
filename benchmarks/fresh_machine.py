"""A machine that has nothing of ours: a small Debian of its own with its own processes, network and engine's data.

Made by debootstrap once and copied for every case by an overlay. What this machine needs to reach the world (resolver,
package indexes, certificates, proxies) is given to it, as it would be to any machine at this place.
"""

from __future__ import annotations

import contextlib
import os
import re
import shlex
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

PACKAGES = "python3,ca-certificates,iproute2,procps,sudo"
USER = "dave"
HOME_OF = {"root": "/root", USER: f"/home/{USER}"}
SOURCES = "/srv/codex-father"
BOOT_SECONDS = 30
BOOTSTRAP_SECONDS = 1200
# Of the machine around: how it resolves, where its packages come from and whose certificates it trusts.
GIVEN_FILES = ("/etc/resolv.conf", "/etc/pip.conf", "/usr/etc/npmrc", "/etc/npmrc")
GIVEN_FOLDERS = ("/etc/apt/apt.conf.d", "/etc/apt/auth.conf.d", "/usr/local/share/ca-certificates")
GIVEN_OF_HOME = (".config/pip/pip.conf", ".npmrc")
GIVEN_VARIABLES = re.compile(
    r"(PIP|NPM_CONFIG)_\w+|\w*SSL_CERT\w*|\w+_CA_(BUNDLE|CERTS)|(https?|no|all)_proxy", re.IGNORECASE
)
_BOOT = """
set -e
mount --make-rprivate /
mount -t overlay overlay -o "lowerdir=$BASE,upperdir=$CASE/upper,workdir=$CASE/work" "$CASE/root"
cd "$CASE/root"
mount --rbind /dev dev
mount -t proc proc proc
mount -t sysfs sysfs sys
mount --rbind /sys/fs/cgroup sys/fs/cgroup
mount -t tmpfs -o mode=755 tmpfs run
for name in docker containers; do mkdir -p var/lib/$name; mount --bind "$CASE/$name" var/lib/$name; done
for folder in $INDEXES; do
    mkdir -p ".$folder"; mount --bind "$folder" ".$folder"; mount -o remount,bind,ro ".$folder"
done
ip link set lo up
mkdir -p .outside
pivot_root . .outside
exec chroot . bash -c 'umount -l /.outside; echo booted; trap "exit 0" TERM; while :; do sleep 1000 & wait $!; done'
"""


class Broken(RuntimeError):
    """A promise that was not kept, in words."""


@dataclass(frozen=True, slots=True)
class Done:
    status: int
    output: str
    seconds: float


def made_base(folder: Path, suite: str) -> Path:
    """A bare root, made once: Python, certificates, and what a server has; no python3-venv, no pip, nothing of ours."""
    base = folder / suite
    if not base.exists():
        part = folder / f"{suite}.part"
        shutil.rmtree(part, ignore_errors=True)
        command = ["debootstrap", "--variant=minbase", f"--include={PACKAGES}", suite, str(part)]
        subprocess.run(command, check=True, timeout=BOOTSTRAP_SECONDS, stdout=subprocess.DEVNULL)
        _give(part)
        subprocess.run(["chroot", part, "update-ca-certificates"], check=True, timeout=120, capture_output=True)
        subprocess.run(["chroot", part, "useradd", "-m", "-s", "/bin/bash", USER], check=True, timeout=60)
        subprocess.run(["chroot", part, "chown", "-R", f"{USER}:", f"/home/{USER}"], check=True, timeout=60)
        part.rename(base)
    return base


def _give(root: Path) -> None:
    """What has to be the same as on the machine around."""
    pairs = [(Path(name), name) for name in GIVEN_FILES]
    pairs += [(file, str(file)) for name in GIVEN_FOLDERS for file in Path(name).glob("*")]
    pairs += [(Path.home() / name, f"{home}/{name}") for name in GIVEN_OF_HOME for home in HOME_OF.values()]
    for source, target in pairs:
        if source.is_file():
            place = root / target[1:]
            place.parent.mkdir(parents=True, exist_ok=True)
            place.unlink(missing_ok=True)
            shutil.copy(source, place)
    (root / "etc/hosts").write_text("127.0.0.1 localhost\n127.0.1.1 " + os.uname().nodename + "\n", "utf-8")


def _indexes() -> list[str]:
    """Folders of this machine that its pip takes packages from."""
    told = subprocess.run([sys.executable, "-m", "pip", "config", "list"], capture_output=True, text=True, check=False)
    paths = re.findall(r"(?<![\w/])/[\w/.-]+", told.stdout.replace("file://", " "))
    folders = {"/" + "/".join(path.split("/")[1:3]) for path in paths if Path(path).is_dir()}
    return sorted(folders)


class Machine:
    """Runs commands in itself; everything in it ends with it."""

    def __init__(self, base: Path, case: Path) -> None:
        self.case = case
        for name in ("upper", "work", "root", "docker", "containers"):
            (case / name).mkdir(parents=True)
        variables = {**os.environ, "BASE": str(base), "CASE": str(case), "INDEXES": " ".join(_indexes())}
        kinds = ("--mount", "--pid", "--net", "--ipc", "--uts")
        command = ["unshare", *kinds, "--fork", "--kill-child", "bash", "-c", _BOOT]
        self._booting = subprocess.Popen(
            command, env=variables, stdout=subprocess.PIPE, stderr=(case / "boot.log").open("w"), text=True
        )
        assert self._booting.stdout
        if self._booting.stdout.readline() != "booted\n":
            raise Broken(f"the machine did not boot: {(case / 'boot.log').read_text()}")
        self.pid = int(Path(f"/proc/{self._booting.pid}/task/{self._booting.pid}/children").read_text().split()[0])
        self._network = subprocess.Popen(
            ["slirp4netns", "--configure", "--mtu=1500", "--disable-host-loopback", str(self.pid), "tap0"],
            stdout=subprocess.DEVNULL, stderr=(case / "network.log").open("w"),
        )  # fmt: skip
        # Its resolver asks the one of this machine.
        awaited = "for i in $(seq 100); do ip route | grep -q default && break; sleep 0.1; done"
        self.run(f"echo nameserver 10.0.2.3 >/etc/resolv.conf; {awaited}")

    def close(self) -> None:
        for process in (self._booting, self._network):
            process.terminate()
        with contextlib.suppress(ProcessLookupError):
            os.kill(self.pid, 9)
        for process in (self._booting, self._network):
            process.wait(30)
        shutil.rmtree(self.case, ignore_errors=True)

    def _words(self, command: str, *, user: str, variables: Mapping[str, str]) -> list[str]:
        given = {name: value for name, value in os.environ.items() if GIVEN_VARIABLES.fullmatch(name)}
        given |= {"HOME": HOME_OF[user], "TERM": "xterm", "LANG": "C.UTF-8", **variables}
        given |= {
            "PATH": "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
            if user == "root"
            else "/usr/local/bin:/usr/bin:/bin"
        }
        pairs = [f"{name}={value}" for name, value in given.items()]
        who = [] if user == "root" else ["setpriv", f"--reuid={user}", f"--regid={user}", "--init-groups"]
        enter = [
            "nsenter",
            f"--target={self.pid}",
            "--mount",
            "--pid",
            "--net",
            "--ipc",
            "--uts",
            "--root",
            f"--wd=/proc/{self.pid}/root",
        ]
        return [*enter, "env", "-i", *pairs, *who, "bash", "-c", f"cd {SOURCES} 2>/dev/null; {command}"]

    def run(self, command: str, *, user: str = "root", seconds: float = 900, stdin: str = "", **variables: str) -> Done:
        """Until it has ended; both of its outputs together."""
        begun = time.monotonic()
        done = subprocess.run(
            self._words(command, user=user, variables=variables), input=stdin, stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT, text=True, timeout=seconds, check=False,
        )  # fmt: skip
        return Done(done.returncode, done.stdout, time.monotonic() - begun)

    def start(self, command: str, *, user: str = "root", tty: bool = True, **variables: str) -> Running:
        """In the background; on a terminal of its own where `tty`."""
        words = self._words(command, user=user, variables=variables)
        if tty:
            command = shlex.quote(f"exec {command}")
            words[-1] = f"cd {SOURCES}; exec script --quiet --flush --return --command {command} /dev/null"
        return Running(self, words)

    def processes(self) -> dict[int, str]:
        """What runs in it, containers too, without what waits to be buried; by the number there."""
        lines = self.run("ps -eo pid=,stat=,args=").output.splitlines()
        rows = [line.split(None, 2) for line in lines]
        quiet = ("ps -eo", "bash -c umount", "sleep 1000", "bash -c cd")
        return {int(pid): args for pid, stat, args in rows if stat[0] != "Z" and not args.startswith(quiet)}

    def answer(self, url: str) -> tuple[int, str]:
        """Status and text, asked from within; 0 if nobody answers."""
        script = (
            "import sys,urllib.request as r,urllib.error as e\n"
            "try: a=r.urlopen(sys.argv[1],timeout=5)\n"
            "except e.HTTPError as error: a=error\n"
            "except OSError as error: print(0); print(error); sys.exit()\n"
            "print(a.status); print(a.read().decode())"
        )
        enter = ["nsenter", f"--target={self.pid}", "--net", sys.executable, "-c", script, url]
        clean = {"PATH": os.environ["PATH"]}
        done = subprocess.run(enter, capture_output=True, text=True, timeout=30, check=True, env=clean)
        status, _, text = done.stdout.partition("\n")
        return int(status), text


class Running:
    """A command in a machine, with what it has said so far."""

    def __init__(self, machine: Machine, words: Sequence[str]) -> None:
        self.machine = machine
        self.begun = time.monotonic()
        self.log = machine.case / f"output-{time.time_ns()}"
        with self.log.open("wb") as output:
            self.process = subprocess.Popen(words, stdin=subprocess.PIPE, stdout=output, stderr=subprocess.STDOUT)

    @property
    def output(self) -> str:
        return self.log.read_text("utf-8", "replace").replace("\r\n", "\n")

    @property
    def seconds(self) -> float:
        return time.monotonic() - self.begun

    def type(self, text: str) -> None:
        assert self.process.stdin
        self.process.stdin.write(text.encode())
        self.process.stdin.flush()

    def says(self, pattern: str, seconds: float, *, since: int = 0) -> float:
        """Seconds from the start until its words match; Broken with its last words if they do not in time."""
        limit = time.monotonic() + seconds
        while not re.search(pattern, self.output[since:]):
            if self.process.poll() is not None or time.monotonic() > limit:
                how = (
                    f"ended with {self.process.returncode}"
                    if self.process.poll() is not None
                    else f"not in {seconds:g} s"
                )
                raise Broken(f"waited for {pattern!r}, {how}; last words:\n{self.output[-1500:]}")
            time.sleep(0.05)
        return self.seconds

    def interrupt(self, seconds: float = 40) -> float:
        """Ctrl-C; seconds until it ended."""
        begun = time.monotonic()
        self.type("\x03")
        self.ended(seconds)
        return time.monotonic() - begun

    def ended(self, seconds: float) -> int:
        try:
            return self.process.wait(seconds)
        except subprocess.TimeoutExpired:
            raise Broken(f"it did not end within {seconds:g} s; last words:\n{self.output[-1500:]}") from None


@contextlib.contextmanager
def machine(base: Path, folder: Path, name: str) -> Iterator[Machine]:
    made = Machine(base, folder / f"{name}-{os.getpid()}")
    try:
        yield made
    finally:
        made.close()
