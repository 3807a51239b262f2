"""What Mallory tries at the gate. <mine>, <foreign>, <evil> and <image> stand for names and ids of the scene."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

SLEEP = ["/bin/sh", "-c", "while :; do sleep 1; done"]
Fill = Callable[[str], str]


@dataclass(frozen=True, slots=True)
class Attempt:
    """One try. Without a method the body is everything that is said."""

    name: str
    method: str
    target: str
    body: Any

    def raw(self, fill: Fill) -> bytes:
        body = self.body if isinstance(self.body, bytes | None) else json.dumps(self.body).encode()
        body = _filled(body or b"", fill)
        return request(self.method, fill(self.target), body) if self.method else body


def _filled(body: bytes, fill: Fill) -> bytes:
    try:
        return fill(body.decode("utf-8")).encode("utf-8")
    except UnicodeDecodeError:
        return body


def request(method: str, target: str, body: bytes) -> bytes:
    """The bytes of a plain request."""
    lines = [f"{method} {target} HTTP/1.1", "Host: d", "Content-Type: application/json", f"Content-Length: {len(body)}"]
    return "\r\n".join([*lines, "", ""]).encode() + body


def create(host: dict[str, Any] | None = None, **more: Any) -> bytes:
    body = {"Image": "<image>", "Cmd": SLEEP, **more} | ({"HostConfig": host} if host is not None else {})
    return json.dumps(body).encode()


CREATE = "/v1.41/containers/create?name=<evil>"
PRIVILEGED = {"Privileged": True}
BODIES = {
    "privileged": create(PRIVILEGED),
    "privileged under a folded key": create(hostconfig={"privileged": True}),
    "privileged under a long s": create(HoſtConfig={"Privileged": True}),
    "privileged under a key twice": create({})[:-1] + b',"HostConfig":{"Privileged":true}}',
    "privileged under a nested folded key": create({"privileged": True}),
    "privileged under a nested key twice": create({"Memory": 1})[:-2] + b',"memory":2,"Privileged":true}}',
    "privileged as a word": create({"Privileged": "true"}),
    "a kelvin sign in a key": create(**{"NetworKingConfig".replace("K", "\u212a"): {}}),
    "root of the host as a bind": create({"Binds": ["/:/host"]}),
    "root of the host as a mount": create({"Mounts": [{"Type": "bind", "Source": "/", "Target": "/host"}]}),
    "a mount whose type comes twice": create(
        {"Mounts": [{"Type": "volume", "type": "bind", "Source": "/", "Target": "/host"}]}
    ),
    "a volume that is a bind": create(
        {
            "Mounts": [
                {
                    "Type": "volume",
                    "Source": "<evil>",
                    "Target": "/h",
                    "VolumeOptions": {
                        "DriverConfig": {"Name": "local", "Options": {"type": "none", "o": "bind", "device": "/"}}
                    },
                }
            ]
        }
    ),
    "somebody's volume": create({"Mounts": [{"Type": "volume", "Source": "<foreign-name>", "Target": "/h"}]}),
    "volumes of somebody": create({"VolumesFrom": ["<foreign-name>"]}),
    "processes of the host": create({"PidMode": "host"}),
    "processes of somebody": create({"PidMode": "container:<foreign>"}),
    "network of the host": create({"NetworkMode": "host"}),
    "network of somebody": create({"NetworkMode": "container:<foreign>"}),
    "the default bridge": create({"NetworkMode": "bridge"}),
    "another network beside ours": create(
        {"NetworkMode": "none"}, NetworkingConfig={"EndpointsConfig": {"bridge": {}}}
    ),
    "semaphores of the host": create({"IpcMode": "host"}),
    "users of the host": create({"UsernsMode": "host"}),
    "a device": create({"Devices": [{"PathOnHost": "/dev/kmsg", "PathInContainer": "/k", "CgroupPermissions": "rwm"}]}),
    "a capability": create({"CapAdd": ["SYS_ADMIN"]}),
    "no seccomp": create({"SecurityOpt": ["seccomp=unconfined"]}),
    "no apparmor": create({"SecurityOpt": ["no-new-privileges", "apparmor=unconfined"]}),
    "a kernel setting": create({"Sysctls": {"kernel.msgmax": "1"}}),
    "another cgroup": create({"CgroupParent": "/"}),
    "another runtime": create({"Runtime": "evil"}),
    "logs to elsewhere": create({"LogConfig": {"Type": "syslog", "Config": {"syslog-address": "udp://1.1.1.1:1"}}}),
    "a port of the host": create({"PortBindings": {"80/tcp": [{"HostPort": "18999"}]}}),
    "unmasked kernel paths": create({"MaskedPaths": [], "ReadonlyPaths": []}),
    "an executable tmpfs": create({"Tmpfs": {"/x": "exec,suid,dev"}}),
    "our label denied": create(Labels={"codexfather.managed": "false"}),
    "endless restarts": create({"RestartPolicy": {"Name": "always"}}),
    "a list instead of an object": b"[" + create(PRIVILEGED) + b"]",
    "a list as host config": create([["Privileged", True]]),  # pyright: ignore[reportArgumentType]
    "two documents": create({}) + create(PRIVILEGED),
    "not a number": create({})[:-1] + b',"StopTimeout":NaN}',
    "infinity": create({})[:-1] + b',"StopTimeout":-Infinity}',
    "deep nesting": create({})[:-1] + b',"x":' + b"[" * 60_000 + b"]" * 60_000 + b"}",
    "a byte order mark": b"\xef\xbb\xbf" + create({}),
    "utf-16": create({}).decode().encode("utf-16"),
    "a body above the limit": create({})[:-1] + b',"Cmd":["' + b"a" * 1_200_000 + b'"]}',
    "an empty body": b"",
    "somebody's secret as a file mount": create(
        {"Mounts": [{"Type": "volume", "Source": "../../../etc", "Target": "/h"}]}
    ),
}
TARGETS: list[tuple[str, str, Any]] = [
    ("POST", "/v1.41/containers/<mine>/exec", {"Cmd": ["id"]}),
    ("POST", "/v1.41/exec/abc/start", {}),
    ("POST", "/v1.41/containers/<mine>/attach?stdin=1&stream=1", None),
    ("GET", "/v1.41/containers/<mine>/attach/ws", None),
    ("GET", "/v1.41/containers/<mine>/archive?path=/etc", None),
    ("HEAD", "/v1.41/containers/<mine>/archive?path=/etc", None),
    ("PUT", "/v1.41/containers/<foreign>/archive?path=/etc", None),
    ("PUT", "/v1.41/containers/<mine>/archive?path=/etc", None),
    ("PUT", "/v1.41/containers/<mine>/archive?path=/etc/../..", None),
    ("GET", "/v1.41/containers/<mine>/export", None),
    ("POST", "/v1.41/containers/<mine>/update", {"PidsLimit": -1}),
    ("POST", "/v1.41/containers/<mine>/rename?name=x", None),
    ("POST", "/v1.41/containers/<mine>/rename?name=<foreign-name>", None),
    ("GET", "/v1.41/containers/<mine>/top", None),
    ("GET", "/v1.41/containers/<mine>/changes", None),
    ("POST", "/v1.41/containers/prune", None),
    ("POST", "/v1.41/containers/<mine>/resize?h=1&w=1", None),
    ("POST", "/v1.41/containers/<mine>/pause", None),
    *[
        ("POST", f"/v1.41/containers/{who}/{act}", None)
        for act in ("start", "stop", "kill", "wait", "restart")
        for who in ("<foreign>", "<foreign-name>", "<foreign-start>")
    ],
    *[
        ("GET", f"/v1.41/containers/{who}/{what}", None)
        for what in ("json", "logs?stdout=1", "stats?stream=0")
        for who in ("<foreign>", "<foreign-name>", "<foreign-start>")
    ],
    ("DELETE", "/v1.41/containers/<foreign>?force=1", None),
    ("DELETE", "/v1.41/containers/<foreign-start>?force=1", None),
    ("DELETE", "/v1.41/containers/<mine>?link=1", None),
    ("POST", "/v1.41/containers/<mine>/start", {"Privileged": True}),
    ("POST", "/v1.41/containers/<mine>/start?detachKeys=a", None),
    ("POST", "/v1.41/build?remote=http://x/y", None),
    ("POST", "/v1.41/build", b"FROM x"),
    ("POST", "/v1.41/session", None),
    ("POST", "/v1.41/grpc", None),
    ("POST", "/v1.41/commit?container=<mine>", {}),
    ("POST", "/v1.41/images/create?fromSrc=-&repo=x", b"tar"),
    ("POST", "/v1.41/images/create?fromSrc=http://127.0.0.1/x&repo=x", None),
    ("GET", "/v1.41/images/get?names=x", None),
    ("POST", "/v1.41/images/create?fromImage=x&tag=1&fromSrc=-", None),
    ("POST", "/v1.41/images/x/push", None),
    ("POST", "/v1.41/images/<image>/tag?repo=postgres&tag=16", None),
    ("DELETE", "/v1.41/images/<image>?force=1", None),
    ("GET", "/v1.41/images/<image>/history", None),
    ("GET", "/v1.41/images/<image>/get", None),
    ("POST", "/v1.41/images/prune", None),
    ("GET", "/v1.41/images/search?term=x", None),
    ("POST", "/v1.41/auth", {}),
    (
        "POST",
        "/v1.41/volumes/create",
        {"Name": "<evil>", "Driver": "local", "DriverOpts": {"device": "/", "o": "bind"}},
    ),
    ("POST", "/v1.41/volumes/create", {"Name": "<evil>"}),
    ("DELETE", "/v1.41/volumes/<foreign-name>", None),
    ("POST", "/v1.41/plugins/pull?remote=x", []),
    ("GET", "/v1.41/plugins", None),
    ("POST", "/v1.41/swarm/init", {}),
    ("GET", "/v1.41/swarm", None),
    ("POST", "/v1.41/services/create", {}),
    ("GET", "/v1.41/secrets", None),
    ("POST", "/v1.41/secrets/create", {}),
    ("GET", "/v1.41/configs", None),
    ("GET", "/v1.41/nodes", None),
    ("GET", "/v1.41/tasks", None),
    ("GET", "/v1.41/distribution/x/json", None),
    ("GET", "/debug/pprof/", None),
    ("GET", "/v4.0.0/libpod/containers/json", None),
    ("POST", "/v4.0.0/libpod/containers/create", {"privileged": True}),
    ("GET", "/v1.41/libpod/info", None),
    ("POST", "/v1.41/libpod/play/kube", b"x"),
    ("GET", "/v1.12/info", None),
    *[
        ("POST", "/v1.41/networks/create", {"Name": "<evil>", "Driver": driver, "IPAM": {"Config": []}})
        for driver in ("host", "macvlan", "ipvlan", "overlay", "none")
    ],
    ("POST", "/v1.41/networks/create", {"Name": "<evil>", "IPAM": {"Config": [{"Subnet": "8.8.8.0/24"}]}}),
    ("POST", "/v1.41/networks/create", {"Name": "<evil>", "IPAM": {}, "Options": {"parent": "eth0"}}),
    ("POST", "/v1.41/networks/bridge/connect", {"Container": "<foreign>"}),
    ("DELETE", "/v1.41/networks/bridge", None),
    ("GET", "/v1.41/networks/bridge", None),
    ("GET", "/v1.41/networks/host", None),
    ("POST", "/v1.41/networks/prune", None),
    ("GET", "/v1.41/containers/../info", None),
    ("GET", "/v1.41/containers/%2e%2e/info", None),
    ("GET", "//v1.41/info", None),
    ("GET", "/v1.41/%69nfo", None),
    ("GET", "http://d/v1.41/info", None),
    ("GET", "/v1.41/info/", None),
    ("GET", "/v1.41/containers/json?all=1&filters=%7B%22label%22%3A%7B%22x%22%3Atrue%7D%7D", None),
    ("GET", "/v1.41/containers/json?filters=%7B%7D&filters=%7B%7D", None),
    ("GET", "/v1.41/containers/json?size=1", None),
    ("GET", "/v1.41/containers/json?filters=%7B%22volume%22%3A%5B%22x%22%5D%7D", None),
    ("TRACE", "/v1.41/info", None),
    ("GET", "/v1.41/containers/json?filters=%7B%22label%22%3A%5B%5D%2C%22Label%22%3A%5B%5D%7D", None),
    ("GET", "/v1.41/events?filters=%7B%22type%22%3A%5B%22image%22%5D%7D", None),
    ("GET", "/v1.41/containers/json?ALL=1", None),
    ("GET", "/v1.41/events?filters=%7B%22label%22%3A%5B%22x%22%5D%7D", None),
    ("PATCH", "/v1.41/containers/<mine>", None),
    ("POST", "/v1.41/containers/create", {"Image": "<image>"}),
    ("POST", CREATE + "&name=b", {"Image": "<image>"}),
    ("POST", CREATE + "&platform=x", {"Image": "<image>"}),
    ("POST", "/v1.41/containers/create?name=../x", {"Image": "x"}),
]
EXECUTE = {"Cmd": ["id"], "AttachStdout": True, "AttachStderr": True}
STARTED = {"Detach": False, "Tty": False}
MAKE = "/v1.41/containers/<mine>/exec"
EXECUTIONS: dict[str, tuple[str, str, Any]] = {
    "a command in somebody's container": ("POST", "/v1.41/containers/<foreign>/exec", EXECUTE),
    "a command in somebody's container by name": ("POST", "/v1.41/containers/<foreign-name>/exec", EXECUTE),
    "a command in somebody's container by half an id": ("POST", "/v1.41/containers/<foreign-start>/exec", EXECUTE),
    "a privileged command": ("POST", MAKE, EXECUTE | {"Privileged": True}),
    "a privileged command under a folded key": ("POST", MAKE, EXECUTE | {"privileged": True}),
    "a privileged command under a key twice": (
        "POST",
        MAKE,
        json.dumps(EXECUTE).encode()[:-1] + b',"cmd":["id"],"Privileged":true}',
    ),
    "a command whose key comes twice": ("POST", MAKE, json.dumps(EXECUTE).encode()[:-1] + b',"CMD":["sh"]}'),
    "a command as another user": ("POST", MAKE, EXECUTE | {"User": "root"}),
    "a command as another user under a folded key": ("POST", MAKE, EXECUTE | {"user": "0"}),
    "a command with a terminal": ("POST", MAKE, EXECUTE | {"Tty": True}),
    "a command with input": ("POST", MAKE, EXECUTE | {"AttachStdin": True}),
    "a command with an environment": ("POST", MAKE, EXECUTE | {"Env": ["LD_PRELOAD=/x"]}),
    "a command in another folder": ("POST", MAKE, EXECUTE | {"WorkingDir": "/"}),
    "a command with keys to detach": ("POST", MAKE, EXECUTE | {"DetachKeys": "ctrl-p"}),
    "a command as text": ("POST", MAKE, EXECUTE | {"Cmd": "id"}),
    "a command without words": ("POST", MAKE, EXECUTE | {"Cmd": []}),
    "a command with an empty word": ("POST", MAKE, EXECUTE | {"Cmd": [""]}),
    "a command with too many words": ("POST", MAKE, EXECUTE | {"Cmd": ["x"] * 65}),
    "a command with a zero byte": ("POST", MAKE, EXECUTE | {"Cmd": ["id\0"]}),
    "a command nobody listens to": ("POST", MAKE, {"Cmd": ["id"]}),
    "a command with a query": ("POST", MAKE + "?Privileged=1", EXECUTE),
    "a start of an execution from elsewhere": ("POST", "/v1.41/exec/<their-exec>/start", STARTED),
    "a look at an execution from elsewhere": ("GET", "/v1.41/exec/<their-exec>/json", None),
    "a start of half an execution": ("POST", "/v1.41/exec/<their-exec-start>/start", STARTED),
    "a start that detaches": ("POST", "/v1.41/exec/<their-exec>/start", STARTED | {"Detach": True}),
    "a start with a terminal": ("POST", "/v1.41/exec/<their-exec>/start", STARTED | {"Tty": True}),
    "a start with the size of a window": ("POST", "/v1.41/exec/<their-exec>/start", STARTED | {"ConsoleSize": [1, 1]}),
    "a window of an execution": ("POST", "/v1.41/exec/<their-exec>/resize?h=1&w=1", None),
}
REMOVALS: dict[str, tuple[str, str, Any]] = {
    "an image that is used": ("DELETE", "/v1.41/images/<image>", None),
    "an image that is used, by its tag": ("DELETE", "/v1.41/images/cftest/tiny:1", None),
    "an image whose parents stay": ("DELETE", "/v1.41/images/<image>?noprune=1", None),
    "somebody's volume by force": ("DELETE", "/v1.41/volumes/<foreign-name>?force=1", None),
    "the bridge": ("DELETE", "/v1.41/networks/bridge", None),
    "the host's network": ("DELETE", "/v1.41/networks/host", None),
    "no network": ("DELETE", "/v1.41/networks/none", None),
    "somebody's network": ("DELETE", "/v1.41/networks/<foreign-name>", None),
    "a network that is not there": ("DELETE", "/v1.41/networks/<evil>", None),
    "a network outside the path": ("DELETE", "/v1.41/networks/..", None),
    "disk use of images": ("GET", "/v1.41/system/df?type=image", None),
    "disk use in words": ("GET", "/v1.41/system/df?verbose=1", None),
    "volumes nobody uses": ("GET", "/v1.41/volumes?filters=%7B%22dangling%22%3A%5B%22true%22%5D%7D", None),
    "a look at somebody's volume": ("GET", "/v1.41/volumes/<foreign-name>", None),
    "others among the images": ("GET", "/v1.41/images/json?others=1", None),
    "others among the networks": ("GET", "/v1.41/networks?others=1", None),
    "others by another word": ("GET", "/v1.41/containers/json?others=true", None),
}
INNER = b"POST /v1.41/containers/create?name=<evil> HTTP/1.1\r\nHost: d\r\nContent-Length: 64\r\n\r\n"
HEADS: dict[str, bytes] = {
    "chunked": b"POST " + CREATE.encode() + b" HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\n\r\n",
    "chunked with a tab": b"POST " + CREATE.encode() + b" HTTP/1.1\r\nTransfer-Encoding:\tchunked\r\n\r\n0\r\n\r\n",
    "chunked and a length": b"GET /v1.41/info HTTP/1.1\r\nContent-Length: 5\r\n"
    b"Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n" + INNER,
    "two lengths": b"GET /v1.41/info HTTP/1.1\r\nContent-Length: 0\r\nContent-Length: 99\r\n\r\n" + INNER,
    "a folded header": b"GET /v1.41/info HTTP/1.1\r\nX: y\r\n Transfer-Encoding: chunked\r\n\r\n",
    "a space before the colon": b"GET /v1.41/info HTTP/1.1\r\nContent-Length : 0\r\n\r\n",
    "bare line feeds": b"GET /v1.41/info HTTP/1.1\nHost: d\n\n" + b"\r\n\r\n",
    "an upgrade": b"POST /v1.41/containers/<mine>/start HTTP/1.1\r\nConnection: Upgrade\r\nUpgrade: tcp\r\n\r\n",
    "http/2": b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
    "http/0.9": b"GET /v1.41/info\r\n\r\n",
    "a huge head": b"GET /v1.41/info HTTP/1.1\r\nX: " + b"y" * 70_000 + b"\r\n\r\n",
    "many headers": b"GET /v1.41/info HTTP/1.1\r\n" + b"".join(b"X%d: y\r\n" % n for n in range(900)) + b"\r\n",
    "a nul": b"GET /v1.41/info HTTP/1.1\r\nX: \0\r\n\r\n",
    "a second request in a header": b"GET /v1.41/info HTTP/1.1\r\nX-Registry-Auth: a\rb\r\n\r\n",
    "connect": b"CONNECT d:80 HTTP/1.1\r\nHost: d\r\n\r\n",
    "a negative length": b"GET /v1.41/info HTTP/1.1\r\nContent-Length: -1\r\n\r\n",
    "an expectation": b"POST " + CREATE.encode() + b" HTTP/1.1\r\nExpect: 100-continue\r\nContent-Length: 2\r\n\r\n{}",
    "an image beyond the limit": b"POST /v1.41/images/load HTTP/1.1\r\nContent-Length: 99999999999\r\n\r\n",
}
ATTEMPTS = [
    *(Attempt(name, "POST", CREATE, body) for name, body in BODIES.items()),
    *(Attempt(f"{method} {target} {str(body or '')[:40]}", method, target, body) for method, target, body in TARGETS),
    *(Attempt(name, *call) for name, call in (EXECUTIONS | REMOVALS).items()),
    *(Attempt(name, "", "", head) for name, head in HEADS.items()),
]
