"""Webhooks and mails to real servers: signed, encrypted, to nobody's neighbours, and no foreign error gets out."""

from __future__ import annotations

import hashlib
import hmac
import json
import socket
import ssl
from collections.abc import Iterator
from email import message_from_string
from email.header import decode_header, make_header
from pathlib import Path

import pytest

from portal.adapters.notify.addresses import is_public, resolve
from portal.adapters.notify.email import EmailNotifier, MailServer
from portal.adapters.notify.webhook import WebhookNotifier
from portal.domain.errors import Refused, Unavailable
from portal.domain.notification import Message
from tests.adapters.servers import Hooks, certified, hook_server, mail_server

DOCUMENT = {"event": "rollout_finished", "text": "fertig – 完成", "service": "hello"}
SENDER = "Portal <portal@example.org>"


def message(target: str, secret: str = "") -> Message:
    return Message("7", "rollout_finished", target, "完成 ✓", "Es läuft.\n完成。\n", DOCUMENT, secret)


@pytest.fixture
def hooks() -> Iterator[Hooks]:
    with hook_server() as server:
        yield server


def test_a_webhook_arrives_signed(hooks: Hooks) -> None:
    WebhookNotifier(lets_private=True).send(message(f"{hooks.url}/in/box?team=a", "sign it"))
    path, headers, body = hooks.taken[0]
    assert path == "/in/box?team=a"
    assert json.loads(body) == {"delivery": "7", **DOCUMENT}
    assert (headers["X-Portal-Event"], headers["X-Portal-Delivery"]) == ("rollout_finished", "7")
    stamp, _, given = headers["X-Portal-Signature"].removeprefix("t=").partition(",v1=")
    expected = hmac.new(b"sign it", f"{stamp}.".encode() + body, hashlib.sha256).hexdigest()
    assert hmac.compare_digest(given, expected)


def test_without_a_secret_nothing_is_signed(hooks: Hooks) -> None:
    WebhookNotifier(lets_private=True).send(message(hooks.url))
    assert "X-Portal-Signature" not in hooks.taken[0][1]


def test_a_private_receiver_is_refused_before_anything_is_sent(hooks: Hooks) -> None:
    with pytest.raises(Refused) as refused:
        WebhookNotifier().send(message(hooks.url))
    assert refused.value.code == "delivery_refused"
    assert hooks.taken == []


def test_a_redirect_is_not_followed(hooks: Hooks) -> None:
    hooks.status, hooks.location = 307, f"{hooks.url}/elsewhere"
    with pytest.raises(Refused):
        WebhookNotifier(lets_private=True).send(message(hooks.url))
    assert [path for path, _, _ in hooks.taken] == ["/"]


@pytest.mark.parametrize(
    ("status", "error"), [(500, Unavailable), (503, Unavailable), (429, Unavailable), (410, Refused)]
)
def test_what_the_receiver_answers_decides_whether_to_try_again(
    hooks: Hooks, status: int, error: type[Exception]
) -> None:
    hooks.status = status
    with pytest.raises(error):
        WebhookNotifier(lets_private=True).send(message(hooks.url))


def test_a_receiver_that_is_not_there_is_tried_again() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    with pytest.raises(Unavailable):
        WebhookNotifier(lets_private=True).send(message(f"http://127.0.0.1:{port}/"))


def test_a_receiver_that_says_nothing_is_not_waited_for_long() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        silent = message(f"http://127.0.0.1:{listener.getsockname()[1]}/")
        with pytest.raises(Unavailable):
            WebhookNotifier(lets_private=True, timeout_seconds=0.3).send(silent)


def test_a_certificate_that_nobody_trusts_is_not_trusted_here(tmp_path: Path) -> None:
    server, _ = certified(tmp_path)
    with mail_server(certificate=server, is_tls_at_once=True) as mails, pytest.raises(Unavailable):
        WebhookNotifier(lets_private=True).send(message(f"https://127.0.0.1:{mails.port}/"))


@pytest.mark.parametrize(
    "address",
    [
        "127.0.0.1", "10.1.2.3", "172.16.0.1", "192.168.1.1", "169.254.169.254", "0.0.0.0", "100.64.0.1", "224.0.0.1",
        "255.255.255.255", "::1", "::", "fe80::1%eth0", "fc00::1", "::ffff:127.0.0.1", "::ffff:169.254.169.254",
        "2002:7f00:1::", "64:ff9b::7f00:1", "nonsense",
    ],
)  # fmt: skip
def test_addresses_that_webhooks_may_not_go_to(address: str) -> None:
    assert not is_public(address)


@pytest.mark.parametrize("address", ["1.1.1.1", "93.184.216.34", "2606:4700:4700::1111", "64:ff9b::101:101"])
def test_addresses_that_they_may(address: str) -> None:
    assert is_public(address)


def test_a_name_with_one_private_address_among_others_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    found = [(2, 1, 6, "", (address, 443)) for address in ("93.184.216.34", "10.0.0.5")]
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: found)
    with pytest.raises(Refused):
        resolve("mixed.example", 443, lets_private=False)


@pytest.mark.parametrize("host", ["0x7f.1", "2130706433", "127.1", "localhost", "017700000001"])
def test_other_ways_to_write_this_machine_are_refused(host: str) -> None:
    with pytest.raises((Refused, Unavailable)):
        WebhookNotifier().send(message(f"http://{host}:9/"))


def test_a_mail_arrives_encrypted_with_its_words(tmp_path: Path) -> None:
    shown, trusted = certified(tmp_path)
    with mail_server(certificate=shown) as mails:
        server = MailServer.of(f"smtp://bob:p%40ss@127.0.0.1:{mails.port}")
        EmailNotifier(server, SENDER, context=trusted).send(message("a@example.org, b@example.org"))
    assert mails.secured == 1
    assert mails.said.index("STARTTLS") < mails.said.index("AUTH") < mails.said.index("DATA")
    assert mails.said.count("RCPT") == 2
    mail = message_from_string(mails.taken[0])
    assert str(make_header(decode_header(mail["Subject"]))) == "完成 ✓"
    assert mail["From"] == SENDER
    assert mail["Message-ID"] == "<delivery-7@example.org>"
    body = mail.get_payload(decode=True)
    assert isinstance(body, bytes)
    assert "完成" in body.decode()


def test_a_mail_over_tls_from_the_first_byte(tmp_path: Path) -> None:
    shown, trusted = certified(tmp_path)
    with mail_server(certificate=shown, is_tls_at_once=True) as mails:
        server = MailServer.of(f"smtps://127.0.0.1:{mails.port}")
        EmailNotifier(server, SENDER, context=trusted).send(message("a@example.org"))
    assert (mails.secured, len(mails.taken)) == (1, 1)


def test_a_server_without_encryption_gets_nothing_unless_it_was_named_so() -> None:
    with mail_server() as mails:
        with pytest.raises(Unavailable):
            EmailNotifier(MailServer.of(f"smtp://a:b@127.0.0.1:{mails.port}"), SENDER).send(message("a@example.org"))
        assert "AUTH" not in mails.said
        assert mails.taken == []
        EmailNotifier(MailServer.of(f"smtp+plain://127.0.0.1:{mails.port}"), SENDER).send(message("a@example.org"))
        assert len(mails.taken) == 1


def test_a_certificate_that_is_not_trusted_ends_it(tmp_path: Path) -> None:
    shown, _ = certified(tmp_path)
    with mail_server(certificate=shown) as mails, pytest.raises(Unavailable):
        EmailNotifier(
            MailServer.of(f"smtp://127.0.0.1:{mails.port}"), SENDER, context=ssl.create_default_context()
        ).send(message("a@example.org"))


@pytest.mark.parametrize(
    ("word", "answer", "error"),
    [
        ("RCPT", "450 later", Unavailable),
        ("RCPT", "550 nobody", Refused),
        ("DATA", "451 later", Unavailable),
        ("DATA", "554 no", Refused),
        ("MAIL", "421 bye", Unavailable),
    ],
)
def test_what_the_mail_server_answers_decides(word: str, answer: str, error: type[Exception]) -> None:
    with mail_server() as mails:
        mails.answers[word] = answer
        with pytest.raises(error):
            EmailNotifier(MailServer.of(f"smtp+plain://127.0.0.1:{mails.port}"), SENDER).send(message("a@example.org"))


def test_a_subject_cannot_add_headers() -> None:
    evil = Message("1", "x", "a@example.org", "hi\r\nBcc: mallory@example.org", "text")
    with mail_server() as mails:
        EmailNotifier(MailServer.of(f"smtp+plain://127.0.0.1:{mails.port}"), SENDER).send(evil)
    assert message_from_string(mails.taken[0])["Bcc"] is None


@pytest.mark.parametrize("url", ["http://x", "smtp://", "smtp:", ""])
def test_what_is_no_mail_server(url: str) -> None:
    with pytest.raises(ValueError, match=r".*"):
        MailServer.of(url)
