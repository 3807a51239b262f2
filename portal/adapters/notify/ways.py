"""The ways out that a portal has: webhooks always, e-mail where a server is named."""

from __future__ import annotations

from collections.abc import Mapping

from portal.adapters.notify.webhook import WebhookNotifier
from portal.domain.notification import ChannelKind
from portal.ports.notifier import Notifier


def notifiers(smtp_url: str | None, sender: str, *, lets_private: bool) -> Mapping[ChannelKind, Notifier]:
    """What mails need is loaded only where there is a mail server."""
    found: dict[ChannelKind, Notifier] = {ChannelKind.WEBHOOK: WebhookNotifier(lets_private=lets_private)}
    if smtp_url:
        from portal.adapters.notify.email import EmailNotifier, MailServer

        found[ChannelKind.EMAIL] = EmailNotifier(MailServer.of(smtp_url), sender)
    return found
