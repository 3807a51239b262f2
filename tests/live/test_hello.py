"""The sample service as a process and as containers: each fault that can be set shows, and nothing else fails."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import socket
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest
from prometheus_client.parser import text_string_to_metric_families

ROOT = Path(__file__).resolve().parents[2]
SCRIPT = ROOT / "docs" / "examples" / "hello" / "hello.py"
WAIT_SECONDS = 60
HARDENED = ("--read-only", "--cap-drop=ALL", "--security-opt=no-new-privileges", "--memory=128m", "--pids-limit=64")

pytestmark = [pytest.mark.live, pytest.mark.req("REQ-P3-009")]


def awaited(fact: Callable[[], bool], what: str) -> None:
    """Returns when it is true."""
    end = time.monotonic() + WAIT_SECONDS
    while not fact():
        assert time.monotonic() < end, f"no {what} within {WAIT_SECONDS} s"
        time.sleep(0.05)


def is_answering(url: str) -> bool:
    with contextlib.suppress(httpx.TransportError):
        return bool(httpx.get(f"{url}/healthz", timeout=5).status_code)
    return False


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


@contextmanager
def hello(**settings: object) -> Iterator[tuple[str, subprocess.Popen[str]]]:
    """The service as a process, answering."""
    port = free_port()
    names = {f"HELLO_{name.upper()}": str(value) for name, value in settings.items()}
    command = [sys.executable, "-ISu", str(SCRIPT)]
    environment = {"PATH": os.environ["PATH"], "HELLO_PORT": str(port), **names}
    process = subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    try:
        awaited(lambda: is_answering(f"http://127.0.0.1:{port}"), "answer")
        yield f"http://127.0.0.1:{port}", process
    finally:
        process.kill()
        process.communicate()


def metric(url: str, name: str) -> float:
    families = text_string_to_metric_families(httpx.get(f"{url}/metrics").text)
    return sum(sample.value for family in families for sample in family.samples if sample.name == name)


def test_it_says_its_version_and_counts_what_it_answers():
    with hello(version="2.5.0-rc.1") as (url, _):
        answer = httpx.get(url)
        assert (answer.status_code, answer.json()["version"]) == (200, "2.5.0-rc.1")
        assert answer.json()["hostname"] == socket.gethostname()
        before = metric(url, "hello_requests_total")
        assert httpx.get(f"{url}/nothing").status_code == 404
        assert httpx.head(url).status_code == 200
        assert metric(url, "hello_requests_total") == before + 3  # the two, and the look before


def test_a_core_is_good_for_500_requests_a_second():
    count = 3000
    with hello() as (url, process), socket.create_connection(("127.0.0.1", httpx.URL(url).port or 0)) as connection:
        before = cpu_seconds(process.pid)
        reader = connection.makefile("rb")
        for _ in range(count):
            connection.sendall(b"GET / HTTP/1.1\r\nHost: hello\r\n\r\n")
            assert reader.readline() == b"HTTP/1.1 200 OK\r\n"
            lengths = [int(line[15:]) for line in iter(reader.readline, b"\r\n") if line.startswith(b"Content-Length:")]
            reader.read(lengths[0])
        assert (cpu_seconds(process.pid) - before) / count < 1 / 500
        assert metric(url, "hello_request_duration_seconds_count") > count


def cpu_seconds(pid: int) -> float:
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def test_the_error_rate_is_the_share_of_failures():
    with hello(error_rate=0.5) as (url, _), httpx.Client(base_url=url) as client:
        failed = sum(client.get("/").status_code == 500 for _ in range(400))
        assert 140 < failed < 260  # six standard deviations
        assert client.get("/healthz").status_code == 200


def test_latency_spreads_around_its_median_and_grows_by_its_factor():
    def times(factor: float) -> list[float]:
        with hello(latency_ms=20, latency_factor=factor) as (url, _), httpx.Client(base_url=url) as client:
            return [client.get("/").elapsed.total_seconds() for _ in range(60)]

    plain, longer = times(1), times(2)
    assert min(plain) < 0.02 < statistics.median(plain) * 1.2
    assert statistics.median(longer) > 1.4 * statistics.median(plain)


def test_a_stream_has_exactly_the_bytes_that_were_asked_for():
    with hello() as (url, _):
        assert len(httpx.get(f"{url}/stream?bytes=1234567").content) == 1234567
        assert httpx.get(f"{url}/stream?bytes=131072&seconds=1").elapsed.total_seconds() < WAIT_SECONDS
        assert httpx.get(f"{url}/stream?bytes=99999999999").status_code == 400
        assert httpx.get(f"{url}/slow?seconds=soon").status_code == 400


def test_a_leak_shows_in_its_memory():
    with hello(leak_bytes_per_request=1_000_000) as (url, _), httpx.Client(base_url=url) as client:
        before = metric(url, "process_resident_memory_bytes")
        assert {client.get("/").status_code for _ in range(30)} == {200}
        assert metric(url, "process_resident_memory_bytes") - before > 25_000_000


def test_unhealthy_answers_everything_but_its_health():
    with hello(unhealthy="true") as (url, _):
        assert (httpx.get(f"{url}/healthz").status_code, httpx.get(url).status_code) == (503, 200)


def test_a_start_takes_its_delay():
    begun = time.monotonic()
    with hello(start_delay_seconds=2):
        assert time.monotonic() - begun >= 2


def test_a_crash_comes_after_its_time():
    with hello(crash_after_seconds=3) as (_, process):
        assert process.wait(WAIT_SECONDS) == 70


@pytest.mark.parametrize(("name", "value"), [("ERROR_RATE", "1.5"), ("LATENCY_MS", "fast"), ("PORT", "-1")])
def test_a_bad_setting_is_refused_by_name(name: str, value: str):
    environment = {"PATH": os.environ["PATH"], f"HELLO_{name}": value}
    command = [sys.executable, str(SCRIPT)]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=WAIT_SECONDS, check=False)
    assert done.returncode == 2
    assert f"HELLO_{name}" in done.stderr


def test_its_file_counts_before_variables_and_is_read_again_at_a_signal(tmp_path: Path):
    file = tmp_path / "config.json"
    file.write_text('{"greeting": "good morning", "unhealthy": false}')
    with hello(config=file, greeting="hello", unhealthy="true") as (url, process):
        assert (httpx.get(url).json()["greeting"], httpx.get(f"{url}/healthz").status_code) == ("good morning", 200)
        for content, greeting in (('{"greeting": "good evening"}', "good evening"), ("{}", "hello")):
            file.write_text(content)
            process.send_signal(signal.SIGHUP)
            awaited(lambda greeting=greeting: httpx.get(url).json()["greeting"] == greeting, "greeting of the file")
        assert httpx.get(f"{url}/healthz").status_code == 503
        file.write_text('{"errorRate": 2}')
        process.send_signal(signal.SIGHUP)
        assert process.stdout
        told = next(line for line in process.stdout if "HELLO" in line)
        assert "HELLO_ERROR_RATE must lie between 0 and 1" in told
        assert (httpx.get(url).status_code, process.poll()) == (200, None)


def test_the_check_of_its_health_does_not_mind_a_wrong_file(tmp_path: Path):
    (tmp_path / "config.json").write_text("{")
    with hello() as (url, _):
        environment = {"HELLO_CONFIG": str(tmp_path / "config.json"), "HELLO_PORT": str(httpx.URL(url).port)}
        command = [sys.executable, "-IS", str(SCRIPT), "check"]
        assert subprocess.run(command, env=environment, timeout=WAIT_SECONDS, check=False).returncode == 0


def test_a_stop_finishes_open_answers_and_closes_idle_connections():
    with hello() as (url, process), httpx.Client(base_url=url) as idle, ThreadPoolExecutor() as pool:
        idle.get("/")
        slow = pool.submit(httpx.get, f"{url}/slow?seconds=2", timeout=WAIT_SECONDS)
        awaited(lambda: threads(process.pid) >= 4, "thread for the slow request")
        process.send_signal(signal.SIGTERM)
        awaited(lambda: idle.get("/healthz").status_code == 503, "word of the stop")
        assert slow.result().status_code == 200
        assert slow.result().headers["connection"] == "close"
        assert process.wait(WAIT_SECONDS) == 0


def threads(pid: int) -> int:
    return len(list(Path(f"/proc/{pid}/task").iterdir()))


def images(engine: str) -> dict[str, str]:
    environment = os.environ | {"DOCKER": engine}
    command = [str(ROOT / "bin" / "hello-images")]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=900, check=False)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def run(*command: str) -> str:
    done = subprocess.run(command, capture_output=True, text=True, timeout=WAIT_SECONDS, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


@pytest.mark.slow
@pytest.mark.timeout(900)
@pytest.mark.parametrize("engine", ["docker", "podman"])
def test_each_version_is_an_image_of_its_own_and_built_once(engine: str):
    built = images(engine)
    assert list(built) == ["hello:1.0.0", "hello:1.1.0", "hello:1.2.0", "hello:1.3.0"]
    assert len(set(built.values())) == 4
    begun = time.monotonic()
    assert images(engine) == built
    assert time.monotonic() - begun < 10
    for tag, image in built.items():
        facts = json.loads(run(engine, "image", "inspect", image.removeprefix("sha256:")))[0]
        assert facts["Config"]["Labels"]["org.opencontainers.image.version"] == tag.removeprefix("hello:")
        assert f"HELLO_VERSION={tag.removeprefix('hello:')}" in facts["Config"]["Env"]
        assert facts["Config"]["User"] == "10001:10001"


@contextmanager
def container(tag: str, *options: str) -> Iterator[tuple[str, str]]:
    """Its name and address, once its own health check passes."""
    image = images("docker")[tag]
    name = f"test-hello-{os.getpid()}-{tag.removeprefix('hello:')}"
    run("docker", "run", "--detach", "--name", name, "--health-interval=1s", *HARDENED, *options, image)
    try:
        template = "{{.State.Health.Status}}"
        awaited(lambda: run("docker", "inspect", "--format", template, name) == "healthy", "health")
        address = run("docker", "inspect", "--format", "{{.NetworkSettings.IPAddress}}", name)
        yield name, f"http://{address}:8080"
    finally:
        run("docker", "rm", "--force", name)


@pytest.mark.slow
@pytest.mark.timeout(900)
def test_a_hardened_container_serves_and_stops_within_its_grace():
    with container("hello:1.1.0") as (name, url):
        assert httpx.get(url).json() == {"service": "hello", "version": "1.1.0", "hostname": run(*hostname(name))}
        run("docker", "stop", "--time", "20", name)
        assert run("docker", "inspect", "--format", "{{.State.ExitCode}}", name) == "0"


def hostname(name: str) -> list[str]:
    return ["docker", "inspect", "--format", "{{.Config.Hostname}}", name]


@pytest.mark.slow
@pytest.mark.timeout(900)
def test_the_bad_versions_are_as_bad_as_they_say():
    with container("hello:1.0.0") as (_, good), container("hello:1.2.0") as (_, failing):
        assert failures(good, 300) == 0
        assert 10 < failures(failing, 1000) < 110  # 50 are expected
    with container("hello:1.0.0") as (_, good), container("hello:1.3.0") as (_, slow):
        ratio = median_seconds(slow) / median_seconds(good)
        assert ratio > 1.2, f"1.3.0 takes only {ratio:.2f} times as long"


def failures(url: str, count: int) -> int:
    with httpx.Client(base_url=url) as client, ThreadPoolExecutor(16) as pool:
        return sum(answer.status_code == 500 for answer in pool.map(client.get, ["/"] * count))


def median_seconds(url: str) -> float:
    with httpx.Client(base_url=url) as client:
        return statistics.median(client.get("/").elapsed.total_seconds() for _ in range(100))
