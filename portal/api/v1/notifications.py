"""REST: what one was told, how one likes to be told, channels, and messages on their way out."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Self

from fastapi import APIRouter, Query, Response
from pydantic import Field

from portal.api.authentication import permitted
from portal.api.languages import sentence
from portal.api.v1.documents import Document, IdempotencyKey, Order, PageDocument, Pages, Paging
from portal.api.v1.repeats import Repeatable, once
from portal.domain.access import Actor, Permission
from portal.domain.notification import (
    ChannelKind,
    ChannelOrder,
    DeliveryStatus,
    Notification,
    NotificationEvent,
    NotificationPreferences,
    Way,
)
from portal.wiring import core

router = APIRouter(tags=["notifications"])
Reader = Annotated[Actor, permitted(Permission.VIEW)]
Keeper = Annotated[Actor, permitted(Permission.CHANNEL_EDIT)]


class NotificationDocument(Document):
    id: int
    event: NotificationEvent
    text: str = Field(description="In the language of Accept-Language.")
    params: dict[str, str]
    href: str = Field(description="The page of the portal that it is about.")
    environment: str
    at: datetime
    read_at: datetime | None

    @classmethod
    def of(cls, shown: object) -> Self:
        assert isinstance(shown, Notification)
        names = ("id", "event", "href", "environment", "at", "read_at")
        text = sentence(f"notification.{shown.event}", **{"cause": "", **shown.params}).strip()
        return cls(**{name: getattr(shown, name) for name in names}, params=dict(shown.params), text=text)


class NotificationFilter(Paging):
    is_unread: bool = False


class ReadOrder(Order):
    id: int | None = Field(default=None, description="One of yours; null for all of them.")


class PreferencesDocument(Document):
    address: str = Field(default="", max_length=300, description="Where e-mails go; none are sent without it.")
    ways: dict[NotificationEvent, list[Way]] = Field(description="Which event by which ways; what is left out: bell.")


class ChannelOrderDocument(Order):
    kind: ChannelKind
    name: str = Field(max_length=60)
    target: str = Field(max_length=1000, description="A URL, or e-mail addresses with commas between.")
    secret: str = Field(default="", max_length=200, description="Signs webhooks; empty keeps the present one.")
    events: list[NotificationEvent] = Field(default_factory=list, max_length=10, description="Empty: all.")
    environments: list[str] = Field(default_factory=list, max_length=50, description="Empty: all.")
    is_enabled: bool = True

    def order(self) -> ChannelOrder:
        given = self.model_dump() | {"events": tuple(self.events), "environments": tuple(self.environments)}
        return ChannelOrder(**given)


class ChannelDocument(Document):
    id: int
    kind: ChannelKind
    name: str
    target: str
    events: list[NotificationEvent]
    environments: list[str]
    is_enabled: bool
    has_secret: bool
    created_by: str
    created_at: datetime | None


class DeliveryFilter(Paging):
    status: DeliveryStatus | None = None


class DeliveryDocument(Document):
    id: int
    kind: ChannelKind
    channel_id: int | None
    target: str
    event: str
    status: DeliveryStatus
    attempts: int
    error: str
    created_at: datetime
    due_at: datetime
    ended_at: datetime | None


@router.get("/notifications")
def list_notifications(
    actor: Reader, pages: Pages, wanted: Annotated[NotificationFilter, Query()]
) -> PageDocument[NotificationDocument]:
    """Your own, the newest first."""
    return pages.show(core().notifications.page(actor, **wanted.model_dump()), NotificationDocument)


@router.put("/notifications/read", status_code=204)
def mark_notifications_read(actor: Reader, order: ReadOrder) -> Response:
    core().notifications.mark_read(actor, notification_id=order.id)
    return Response(status_code=204)


@router.get("/notifications/preferences")
def show_notification_preferences(actor: Reader) -> PreferencesDocument:
    return _preferences(core().notifications.preferences(actor))


@router.put("/notifications/preferences")
def set_notification_preferences(actor: Reader, order: PreferencesDocument) -> PreferencesDocument:
    ways = {event: frozenset(order.ways.get(event, [Way.BELL])) for event in NotificationEvent}
    wanted = NotificationPreferences(order.address.strip(), ways)
    return _preferences(core().notifications.set_preferences(actor, wanted))


def _preferences(shown: NotificationPreferences) -> PreferencesDocument:
    return PreferencesDocument(
        address=shown.address, ways={event: sorted(chosen) for event, chosen in shown.ways.items()}
    )


@router.get("/channels")
def list_channels(actor: Keeper) -> list[ChannelDocument]:
    """By name. Secrets are never shown."""
    return [ChannelDocument.of(channel) for channel in core().channels.all(actor)]


@router.post("/channels", status_code=201)
def create_channel(actor: Keeper, order: ChannelOrderDocument, key: IdempotencyKey = "") -> ChannelDocument:
    def create() -> ChannelDocument:
        return ChannelDocument.of(core().channels.create(actor, order.order()))

    return once(actor, Repeatable(key, "channel.create", order, ChannelDocument), create)


@router.put("/channels/{channel_id}")
def save_channel(actor: Keeper, channel_id: int, order: ChannelOrderDocument) -> ChannelDocument:
    return ChannelDocument.of(core().channels.save(actor, channel_id, order.order()))


@router.delete("/channels/{channel_id}", status_code=204)
def remove_channel(actor: Keeper, channel_id: int) -> Response:
    """What waits for it will not go out any more."""
    core().channels.remove(actor, channel_id)
    return Response(status_code=204)


@router.put("/channels/{channel_id}/test", status_code=204)
def test_channel(actor: Keeper, channel_id: int) -> Response:
    """Sends a message now and answers when it is handed over."""
    core().channels.test(actor, channel_id)
    return Response(status_code=204)


@router.get("/deliveries")
def list_deliveries(
    actor: Keeper, pages: Pages, wanted: Annotated[DeliveryFilter, Query()]
) -> PageDocument[DeliveryDocument]:
    """The newest first; those of status dead were given up."""
    page = core().outbox.page(actor, status=wanted.status or "", offset=wanted.offset, limit=wanted.limit)
    return pages.show(page, DeliveryDocument)


@router.put("/deliveries/{delivery_id}/retry")
def retry_delivery(actor: Keeper, delivery_id: int) -> DeliveryDocument:
    return DeliveryDocument.of(core().outbox.retry(actor, delivery_id))
