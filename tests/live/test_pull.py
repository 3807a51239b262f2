"""Images come from a registry of our own on this machine, through the gate, by tag and by digest."""

from __future__ import annotations

import hashlib
import io
import json
import tarfile
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread

import pytest

from portal.adapters.docker.containers import DockerContainers
from portal.domain.errors import PortalError, Unavailable
from tests.contracts.engines import ask, docker_socket, gate, image_archive

pytestmark = pytest.mark.live

MANIFEST = "application/vnd.docker.distribution.manifest.v2+json"
CONFIG = "application/vnd.docker.container.image.v1+json"
LAYER = "application/vnd.docker.image.rootfs.diff.tar"


def digest(content: bytes) -> str:
    return f"sha256:{hashlib.sha256(content).hexdigest()}"


def described(kind: str, content: bytes) -> dict[str, str | int]:
    return {"mediaType": kind, "size": len(content), "digest": digest(content)}


@dataclass(frozen=True, slots=True)
class Registry:
    """Where it answers, and the digest of its only image."""

    host: str
    manifest: str
    identity: str


@pytest.fixture(scope="module")
def registry() -> Iterator[Registry]:
    with tarfile.open(fileobj=io.BytesIO(image_archive())) as tar:
        files = {member.name: found.read() for member in tar if (found := tar.extractfile(member))}
    layer = files.pop("layer/layer.tar")
    config = next(content for name, content in files.items() if name != "manifest.json")
    body = {"schemaVersion": 2, "mediaType": MANIFEST, "config": described(CONFIG, config)}
    manifest = json.dumps(body | {"layers": [described(LAYER, layer)]}).encode()
    blobs = {digest(content): (kind, content) for kind, content in ((CONFIG, config), (LAYER, layer))}
    found = {f"/v2/tiny/blobs/{name}": blob for name, blob in blobs.items()} | {"/v2/": ("application/json", b"{}")}
    found |= {f"/v2/tiny/manifests/{name}": (MANIFEST, manifest) for name in ("1", "latest", digest(manifest))}
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler(found))
    Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()
    yield Registry(f"127.0.0.1:{server.server_port}", digest(manifest), digest(config))
    server.shutdown()
    server.server_close()


def handler(found: dict[str, tuple[str, bytes]]) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            kind, content = found.get(self.path, ("application/json", b'{"errors":[{"code":"MANIFEST_UNKNOWN"}]}'))
            self.send_response(200 if self.path in found else 404)
            for name, value in (("Content-Type", kind), ("Content-Length", str(len(content)))):
                self.send_header(name, value)
            self.send_header("Docker-Content-Digest", digest(content))
            self.end_headers()
            with suppress(BrokenPipeError):
                self.wfile.write(b"" if self.command == "HEAD" else content)

        do_HEAD = do_GET  # noqa: N815

        def log_message(self, format: str, *_: object) -> None:  # noqa: A002
            """Not told."""

    return Handler


@pytest.fixture(scope="module")
def containers(registry: Registry) -> Iterator[DockerContainers]:
    engine = docker_socket()
    with gate(engine) as gated:
        yield DockerContainers(f"unix://{gated.path}")
    for tag in ("1", "latest"):
        ask(engine, "DELETE", f"/v1.41/images/{registry.host}/tiny:{tag}")
    ask(engine, "DELETE", f"/v1.41/images/{registry.host}/tiny@{registry.manifest}")


@pytest.mark.parametrize("suffix", ["", ":1", "@digest"])
def test_an_image_is_pulled_by_name_tag_or_digest(
    containers: DockerContainers, registry: Registry, suffix: str
) -> None:
    reference = f"{registry.host}/tiny{suffix}".replace("@digest", f"@{registry.manifest}")
    pulled = containers.pull(reference)
    assert pulled.id == registry.identity
    assert f"{registry.host}/tiny@{registry.manifest}" in pulled.repo_digests
    assert containers.image(reference) == pulled


def test_a_tag_that_the_registry_does_not_have_says_so(containers: DockerContainers, registry: Registry) -> None:
    with pytest.raises(Unavailable) as caught:
        containers.pull(f"{registry.host}/tiny:9")
    assert caught.value.code == "image_pull_failed"
    assert "manifest" in caught.value.params["reason"]


@pytest.mark.parametrize("reference", ["", "UPPER/case:1", "a b", "../x", "x:", "http://x/y", "x@sha256:short"])
def test_a_name_that_is_none_is_refused_in_words(containers: DockerContainers, reference: str) -> None:
    with pytest.raises(PortalError) as caught:
        containers.pull(reference)
    assert caught.value.code in ("image_pull_failed", "engine_refused")
    assert caught.value.params["reason"]
