"""Small real servers for one test: one that takes webhooks, one that takes mails, with TLS if wished."""

from __future__ import annotations

import datetime as dt
import ipaddress
import socket
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID


@dataclass(slots=True)
class Hooks:
    """Where webhooks arrive. `status` is what is answered."""

    url: str = ""
    status: int = 204
    location: str = ""
    taken: list[tuple[str, dict[str, str], bytes]] = field(default_factory=list[tuple[str, dict[str, str], bytes]])


@contextmanager
def hook_server() -> Iterator[Hooks]:
    hooks = Hooks()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            hooks.taken.append((self.path, dict(self.headers.items()), body))
            self.send_response(hooks.status)
            if hooks.location:
                self.send_header("Location", hooks.location)
            self.end_headers()

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002
            """Quiet."""

    server = HTTPServer(("127.0.0.1", 0), Handler)
    hooks.url = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    try:
        yield hooks
    finally:
        server.shutdown()
        server.server_close()
        thread.join(5)


@dataclass(slots=True)
class Mails:
    """Where mails arrive. `answers` replaces what is said to a command; `secured` counts connections with TLS."""

    port: int = 0
    answers: dict[str, str] = field(default_factory=dict[str, str])
    taken: list[str] = field(default_factory=list[str])
    said: list[str] = field(default_factory=list[str])
    secured: int = 0


@contextmanager
def mail_server(*, certificate: ssl.SSLContext | None = None, is_tls_at_once: bool = False) -> Iterator[Mails]:
    """Speaks as much SMTP as a client needs: EHLO, STARTTLS, AUTH PLAIN, MAIL, RCPT, DATA, QUIT."""
    mails, ended = Mails(), threading.Event()
    listener = socket.create_server(("127.0.0.1", 0))
    listener.settimeout(0.1)
    mails.port = listener.getsockname()[1]

    def serve() -> None:
        while not ended.is_set():
            with suppress(TimeoutError, OSError):
                connection, _ = listener.accept()
                connection.settimeout(5)
                with connection, suppress(OSError, ssl.SSLError):
                    _converse(connection, mails, certificate=certificate, is_tls_at_once=is_tls_at_once)

    thread = threading.Thread(target=serve, daemon=True)
    thread.start()
    try:
        yield mails
    finally:
        ended.set()
        thread.join(5)
        listener.close()


class _Talk:
    """One connection to the mail server."""

    def __init__(self, connection: socket.socket, mails: Mails, certificate: ssl.SSLContext | None) -> None:
        self.connection, self.mails, self.certificate = connection, mails, certificate
        self.stream = connection.makefile("rwb")
        self.is_secure = False

    def secure(self) -> None:
        assert self.certificate is not None
        self.stream.close()
        self.connection = self.certificate.wrap_socket(self.connection, server_side=True)
        self.stream, self.is_secure = self.connection.makefile("rwb"), True
        self.mails.secured += 1

    def say(self, text: str) -> None:
        self.stream.write(text.encode() + b"\r\n")
        self.stream.flush()

    def run(self) -> None:
        self.say("220 test")
        while line := self.stream.readline().decode().strip():
            word = line.split(" ")[0].upper()
            self.mails.said.append(word)
            self.answer(word)
            if word == "QUIT":
                return

    def answer(self, word: str) -> None:
        if word in self.mails.answers:
            self.say(self.mails.answers[word])
        elif word == "EHLO":
            lines = ["test", *(["STARTTLS"] if self.certificate and not self.is_secure else []), "AUTH PLAIN"]
            self.say("\r\n".join(f"250{'-' if n < len(lines) - 1 else ' '}{text}" for n, text in enumerate(lines)))
        elif word == "STARTTLS":
            self.say("220 go on" if self.certificate else "502 no")
            if self.certificate:
                self.secure()
        elif word == "DATA":
            self.say("354 go on")
            self.mails.taken.append("".join(iter(lambda: self.stream.readline().decode(), ".\r\n")))
            self.say("250 taken")
        else:
            self.say({"AUTH": "235 welcome", "QUIT": "221 bye"}.get(word, "250 fine"))


def _converse(
    connection: socket.socket, mails: Mails, *, certificate: ssl.SSLContext | None, is_tls_at_once: bool
) -> None:
    talk = _Talk(connection, mails, certificate)
    try:
        if is_tls_at_once:
            talk.secure()
        talk.run()
    finally:
        with suppress(OSError):
            talk.stream.close()
        talk.connection.close()


def certified(folder: Path, host: str = "127.0.0.1") -> tuple[ssl.SSLContext, ssl.SSLContext]:
    """What a server shows and what a client trusts, made for this test alone."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, host)])
    now = dt.datetime.now(dt.UTC)
    alternative = x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address(host))])
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - dt.timedelta(days=1))
        .not_valid_after(now + dt.timedelta(days=1))
        .add_extension(alternative, critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    plain = serialization.NoEncryption()
    private = key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, plain)
    (folder / "both.pem").write_bytes(private + made.public_bytes(serialization.Encoding.PEM))
    server = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    server.load_cert_chain(folder / "both.pem")
    client = ssl.create_default_context(cadata=made.public_bytes(serialization.Encoding.PEM).decode())
    return server, client
