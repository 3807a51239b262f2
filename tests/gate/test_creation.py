"""The body of a create call: what is not on the list is refused, what makes a container harmless is forced."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from portal.gate import bridges, creation, documents
from portal.gate.refusals import Refusal

LABEL = "codexfather.managed=1"
TOP = {
    "Image",
    "Cmd",
    "Env",
    "Labels",
    "Healthcheck",
    "HostConfig",
    "NetworkingConfig",
    "User",
    "StopSignal",
    "StopTimeout",
}
HARMLESS: dict[str, Any] = {
    "Image": "hello@sha256:" + "a" * 64,
    "Cmd": ["serve", "--port=80"],
    "Env": ["A=ü", "B="],
    "Labels": {"a.b/c": "d"},
    "User": "10001:10001",
    "StopTimeout": 10,
    "Healthcheck": {"Test": ["CMD", "true"], "Interval": 1_000_000},
    "HostConfig": {
        "Memory": 1 << 28,
        "NanoCpus": 500_000_000,
        "PidsLimit": 64,
        "ReadonlyRootfs": True,
        "Tmpfs": {"/tmp": "rw,noexec,size=64m,mode=1777"},
        "NetworkMode": "net",
        "RestartPolicy": {"Name": "on-failure", "MaximumRetryCount": 5},
        "CapDrop": ["ALL"],
        "LogConfig": {"Type": "json-file", "Config": {"max-size": "10485760", "max-file": "3"}},
        "SecurityOpt": ["no-new-privileges"],
        "Mounts": [{"Type": "volume", "Source": "v", "Target": "/v"}],
    },
    "NetworkingConfig": {"EndpointsConfig": {"net": {"IPAMConfig": {"IPv4Address": "10.0.0.9"}}}},
}


def passed(body: Any) -> dict[str, Any]:
    return creation.container(json.dumps(body).encode(), LABEL)


def test_what_the_portal_creates_passes_unchanged_but_for_the_label() -> None:
    assert passed(HARMLESS) == HARMLESS | {"Labels": {"a.b/c": "d", "codexfather.managed": "1"}}


def test_the_least_body_gets_everything_that_makes_it_harmless() -> None:
    assert passed({"Image": "x"}) == {
        "Image": "x",
        "Labels": {"codexfather.managed": "1"},
        "HostConfig": {
            "CapDrop": ["ALL"],
            "SecurityOpt": ["no-new-privileges"],
            "PidsLimit": 512,
            "NetworkMode": "none",
        },
    }


def test_null_is_as_if_it_were_not_there() -> None:
    assert passed({"Image": "x", "Cmd": None, "HostConfig": None}) == passed({"Image": "x"})


HOST: list[dict[str, Any]] = [
    {"Privileged": True},
    {"Privileged": False},
    {"Binds": ["/:/h"]},
    {"PidMode": "host"},
    {"IpcMode": "host"},
    {"UTSMode": "host"},
    {"UsernsMode": "host"},
    {"CgroupnsMode": "host"},
    {"CgroupParent": "/"},
    {"Cgroup": "x"},
    {"Devices": [{"PathOnHost": "/dev/sda"}]},
    {"DeviceRequests": []},
    {"DeviceCgroupRules": ["a *:* rwm"]},
    {"CapAdd": ["SYS_ADMIN"]},
    {"Capabilities": ["all"]},
    {"CapDrop": []} | {"CapAdd": None},
    {"Runtime": "other"},
    {"SecurityOpt": ["seccomp=unconfined"]},
    {"SecurityOpt": ["no-new-privileges:false"]},
    {"Sysctls": {"a": "b"}},
    {"SecurityOpt": ["no-new-privileges", "label=disable"]},
    {"VolumesFrom": ["other"]},
    {"VolumeDriver": "x"},
    {"NetworkMode": "host"},
    {"NetworkMode": "container:x"},
    {"NetworkMode": "bridge"},
    {"NetworkMode": "default"},
    {"NetworkMode": "ns:/proc/1/ns/net"},
    {"NetworkMode": ["host"]},
    {"OomKillDisable": True},
    {"OomScoreAdj": -1000},
    {"Mounts": [{"Type": "bind", "Source": "/", "Target": "/h"}]},
    {"Mounts": {"Type": "bind"}},
    {"Mounts": [{"Type": "volume", "Source": "/etc", "Target": "/h"}]},
    {"Mounts": [["Type", "bind"]]},
    {"Mounts": [{"Type": "volume", "Source": "../x", "Target": "/h"}]},
    {"Mounts": [{"Type": "npipe", "Target": "/h"}]},
    {"Mounts": [{"Type": "volume", "Source": "v", "Target": "/h", "VolumeOptions": {"DriverConfig": {"Name": "x"}}}]},
    {"Mounts": [{"Type": "volume", "Source": "v", "Target": "/h", "type": "bind"}]},
    {"Mounts": [{"Type": "volume", "Source": "v", "Target": "/proc/sys"}]},
    {"PidsLimit": -1},
    {"PidsLimit": 0},
    {"Mounts": [{"Type": "volume", "Source": "v", "Target": "/a/../../b"}]},
    {"PidsLimit": True},
    {"Memory": "1"},
    {"LogConfig": {"Type": "syslog", "Config": {"syslog-address": "tcp://x"}}},
    {"PublishAllPorts": True},
    {"LogConfig": {"Type": "json-file", "Config": {"env": "x"}}},
    {"RestartPolicy": {"Name": "always"}},
    {"PortBindings": {"80/tcp": [{"HostPort": "80"}]}},
    {"Tmpfs": {"/x": "exec,suid,dev"}},
    {"ExtraHosts": ["a:1"]},
    {"Tmpfs": {"/x": "rw,remount"}},
    {"Tmpfs": {"/sys/fs": ""}},
    {"Dns": ["1.1.1.1"]},
    {"GroupAdd": ["0"]},
    {"Links": ["x"]},
    {"MaskedPaths": []},
    {"ReadonlyPaths": []},
    {"ContainerIDFile": "/x"},
    {"StorageOpt": {"size": "1"}},
    {"AutoRemove": True},
    {"Ulimits": [{"Name": "core", "Soft": 0, "Hard": 0}]},
    {"privileged": True},
    {"ſecurityOpt": []},
    {"Init": True},
]


@pytest.mark.parametrize("host", HOST, ids=lambda host: json.dumps(host)[:60])
def test_what_could_reach_the_host_is_refused(host: dict[str, Any]) -> None:
    with pytest.raises(Refusal):
        passed({"Image": "x", "HostConfig": host})


@pytest.mark.parametrize(
    "body",
    [
        [],
        "x",
        1,
        None,
        {},
        {"Image": None},
        {"Image": ["x"]},
        {"Image": "x", "image": "y"},
        {"image": "x"},
        {"Image": "x", "hostconfig": {"privileged": True}},
        {"Image": "x", "HoſtConfig": {}},
        {"Image": "x", "Kernel": 1},
        {"Image": "x", "HostConfig": []},
        {"Image": "x", "HostConfig": "Privileged"},
        {"Image": "x", "Entrypoint": ["sh"]},
        {"Image": "x", "Volumes": {"/": {}}},
        {"Image": "x", "Labels": {"codexfather.managed": "false"}},
        {"Image": "x", "Labels": ["codexfather.managed=0"]},
        {"Image": "x", "Labels": {"a": 1}},
        {"Image": "x", "Tty": True},
        {"Image": "x", "Cmd": "rm -rf /"},
        {"Image": "x", "Cmd": [1]},
        {"Image": "x", "Env": ["A=\0"]},
        {"Image": "../x"},
        {"Image": "x", "User": "root; id"},
        {"Image": "x", "User": "٠"},
        {"Image": "x", "MacAddress": "x"},
        {"Image": "x//y"},
        {"Image": "x", "NetworkingConfig": {"EndpointsConfig": {"other": {}}}},
        {"Image": "x", "NetworkDisabled": False},
        {"Image": "x", "HostConfig": {"NetworkMode": "a"}, "NetworkingConfig": {"EndpointsConfig": {"a": {}, "b": {}}}},
        {
            "Image": "x",
            "HostConfig": {"NetworkMode": "a"},
            "NetworkingConfig": {"EndpointsConfig": {"a": {"Links": []}}},
        },
        {"Image": "x", "Healthcheck": {"Test": ["CMD"], "StartInterval": 1}},
        {"Image": "x", "OnBuild": []},
    ],
)
def test_a_body_of_another_shape_is_refused(body: Any) -> None:
    with pytest.raises(Refusal):
        passed(body)


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{",
        b'{"Image":"x"}{"Image":"y"}',
        b'{"Image":"x","StopTimeout":NaN}',
        b'{"Image":"x","StopTimeout":Infinity}',
        b'{"Image":"x","StopTimeout":-Infinity}',
        b'{"Image":"x","StopTimeout":1e1}',
        b'{"Image":"x","StopTimeout":1.0}',
        b"\xef\xbb\xbf{}",
        b'{"Image":"\xff"}',
        b'{"Image":"x","Labels":{"a":"1","A":"2"}}',
        b'{"HostConfig":{},"HostConfig":{"Privileged":true},"Image":"x"}',
        b'{"HostConfig":{"Memory":1,"memory":2},"Image":"x"}',
        b'{"Image":"x","Labels":{"k":"1","\xe2\x84\xaa":"2"}}',
        b"[" * 100_000 + b"]" * 100_000,
        b'{"a":' * 50_000 + b"1" + b"}" * 50_000,
        b'{"Image":"x","StopTimeout":' + b"9" * 5000 + b"}",
        b'{"Image":"x" /* comment */}',
        b"{'Image':'x'}",
        '{"Image":"x"}'.encode("utf-16"),
        b'{"Image":"x",}',
        b'{"Image":"x","User":"\\ud800"}',
    ],
)
def test_text_that_can_be_read_in_two_ways_is_refused(body: bytes) -> None:
    with pytest.raises(Refusal):
        creation.container(body, LABEL)


WORDS = ["Cmd", "HostConfig", "Labels", "Memory", "Privileged", "Binds", "Mounts", "Type", "CapAdd", "hostConfig", "a"]
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=9),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(WORDS), inner, max_size=4),
    max_leaves=9,
)


@given(st.dictionaries(st.sampled_from(WORDS), VALUES, max_size=2))
def test_whatever_passes_has_known_fields_and_the_forced_ones(body: dict[str, Any]) -> None:
    try:
        made = passed({"Image": "x"} | body)
    except Refusal:
        return
    assert set(made) <= TOP
    assert made["HostConfig"]["CapDrop"] == ["ALL"]
    assert made["HostConfig"]["SecurityOpt"] == ["no-new-privileges"]
    assert made["Labels"]["codexfather.managed"] == "1"
    assert documents.parse(documents.serialise(made)) == made


def test_a_network_is_a_labelled_bridge() -> None:
    body = {"Name": "net", "IPAM": {"Config": [{"Subnet": "10.1.2.0/24", "IPRange": "10.1.2.128/25"}]}}
    assert bridges.network(json.dumps(body).encode(), LABEL) == body | {
        "Driver": "bridge",
        "CheckDuplicate": True,
        "Labels": {"codexfather.managed": "1"},
    }


@pytest.mark.parametrize(
    "change",
    [
        {"Driver": "host"},
        {"Driver": "macvlan"},
        {"Driver": "overlay"},
        {"Options": {"parent": "eth0"}},
        {"Name": "host"},
        {"Scope": "swarm"},
        {"Ingress": True},
        {"Attachable": True},
        {"ConfigFrom": {"Network": "x"}},
        {"EnableIPv6": True},
        {"Labels": {"codexfather.managed": "no"}},
        {"IPAM": {"Driver": "x", "Config": []}},
        {"name": "y"},
        {"Name": "a/b"},
        {"IPAM": {"Config": [{"Subnet": "8.8.8.0/24"}]}},
        {"IPAM": {"Config": [{"Subnet": "10.0.0.0/8"}]}},
        {"IPAM": {"Config": [{"Subnet": "127.0.0.0/24"}]}},
        {"IPAM": {"Options": {"a": "b"}}},
        {"IPAM": {"Config": [{"Subnet": "10.0.0.0/24", "AuxiliaryAddresses": {"a": "b"}}]}},
        {"IPAM": {"Config": [{}]}},
    ],
)
def test_any_other_network_is_refused(change: dict[str, Any]) -> None:
    body = {"Name": "net", "IPAM": {"Config": [{"Subnet": "10.1.2.0/24"}]}} | change
    with pytest.raises(Refusal):
        bridges.network(json.dumps(body).encode(), LABEL)


MEMORY: dict[str, Any] = {"type": "tmpfs", "device": "tmpfs", "o": "mode=0755,nosuid,nodev,noexec"}


def mounted(*volumes: dict[str, Any]) -> dict[str, Any]:
    return passed({"Image": "x", "HostConfig": {"Mounts": [{"Type": "volume", "Target": "/v"} | v for v in volumes]}})


def driven(**options: Any) -> dict[str, Any]:
    return {"VolumeOptions": {"DriverConfig": {"Name": "local", "Options": MEMORY | options}}}


def test_a_volume_in_memory_is_told_apart_and_its_options_are_not_sent_with_the_container() -> None:
    body = mounted({"Source": "a"}, {"Source": "b"} | driven())
    assert creation.volumes_of(body) == {"a": False, "b": True}
    assert "VolumeOptions" not in json.dumps(body)


@pytest.mark.parametrize(
    "mount",
    [
        {"Source": "a"} | driven(type="none", device="/etc", o="bind"),
        {"Source": "a"} | driven(o="bind"),
        {"Source": "a"} | driven(device="/dev/sda"),
        {"Source": "a"} | driven(addr="10.0.0.1"),
        {"Source": "a", "VolumeOptions": {"DriverConfig": {"Name": "nfs", "Options": MEMORY}}},
        {"Source": "a", "VolumeOptions": {"Labels": {"a": "b"}}},
    ],
)
def test_a_volume_with_any_other_options_is_refused(mount: dict[str, Any]) -> None:
    with pytest.raises(Refusal):
        mounted(mount)


def test_a_volume_in_memory_needs_a_name_and_is_of_one_kind() -> None:
    for volumes in ([driven()], [{"Source": "a"}, {"Source": "a"} | driven()]):
        with pytest.raises(Refusal):
            creation.volumes_of(mounted(*volumes))
