"""What a portal is made of, in memory or on a real engine and proxy, as the settings say."""

from __future__ import annotations

import ipaddress
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING

from portal import __version__
from portal.adapters.host.signing import sign_apart
from portal.adapters.oidc import Client, OpenIdProvider
from portal.domain.backup import BackupRules
from portal.domain.container import Network
from portal.domain.notification import ChannelKind
from portal.kit import ed25519
from portal.kit.sealing import key_name
from portal.ports.clock import Clock
from portal.ports.containers import Containers
from portal.ports.notifier import Notifier
from portal.ports.traffic import AccessLog, Traffic
from portal.services.configuration_delivery import Ask
from portal.services.external_sign_in import Policy
from portal.services.signing import Sign
from portal.settings import Settings
from portal.store.database import Database

if TYPE_CHECKING:
    from portal.adapters.haproxy.traffic import HAProxyTraffic
    from portal.ports.backup_store import BackupStore
    from portal.services.backup_vault import Vault
    from portal.services.backups import Means


@dataclass(frozen=True, slots=True)
class Attendant:
    """Something that has to run beside the portal: `leave` lets go of it and keeps it running, `end` ends it."""

    name: str
    start: Callable[[], None]
    leave: Callable[[], None]
    end: Callable[[], None]


@dataclass(frozen=True, slots=True)
class Parts:
    """What a portal is made of. `network` holds the containers of all environments."""

    database: Database
    clock: Clock
    containers: Containers
    traffic: Traffic
    access_log: AccessLog
    network: Network
    anchor_file: Path | None = None
    sign: Sign = ed25519.sign
    ask_to_reload: Ask = lambda address, port, path: None  # containers in memory read nothing anew
    attendants: tuple[Attendant, ...] = ()
    notifiers: Mapping[ChannelKind, Notifier] = field(default_factory=dict[ChannelKind, Notifier])
    settings: Settings = field(default_factory=lambda: Settings.from_environment({}))


def made_of(settings: Settings, database: Database, *, clock: Clock) -> Parts:
    """Adapters are loaded where they are used: a portal on a real engine has no need of those in memory."""
    make = _in_memory if is_demonstration(settings) else _real
    return replace(make(settings, database, clock), settings=settings, sign=sign_apart)


def is_demonstration(settings: Settings) -> bool:
    """Whether containers and traffic are in memory: asked for, or because no engine can be reached through the gate."""
    if settings.engine == "auto":
        return not settings.engine_socket.is_socket()
    return settings.engine == "memory"


def _network(settings: Settings) -> Network:
    """Fixed addresses come from the lower half of the subnet, the engine's own from the upper half."""
    subnet = ipaddress.IPv4Network(settings.subnet)
    return Network(settings.network, str(subnet), str(list(subnet.subnets(1))[1]))


def _in_memory(settings: Settings, database: Database, clock: Clock) -> Parts:
    from portal.adapters.memory.access_log import MemoryAccessLog
    from portal.adapters.memory.containers import MemoryContainers
    from portal.adapters.memory.demonstration import DEMONSTRATION_RATE, demonstration_images
    from portal.adapters.memory.traffic import MemoryTraffic
    from portal.adapters.memory.world import MemoryWorld

    world = MemoryWorld(clock)
    traffic = MemoryTraffic(world)
    log = MemoryAccessLog(traffic, requests_per_second=DEMONSTRATION_RATE)
    for version, behaviour in demonstration_images().items():
        world.add_image(f"hello:{version}", behaviour)
    containers = MemoryContainers(world)
    return Parts(database, clock, containers, traffic, log, _network(settings), settings.anchor_file)


def _real(settings: Settings, database: Database, clock: Clock) -> Parts:
    from portal.adapters.docker.containers import DockerContainers
    from portal.adapters.haproxy.access_log import HAProxyAccessLog
    from portal.adapters.haproxy.options import ProxyOptions
    from portal.adapters.haproxy.traffic import HAProxyTraffic
    from portal.adapters.host.reloads import ask_to_reload

    containers = DockerContainers(f"unix://{settings.engine_socket.absolute()}")
    trusts = settings.proxy_trusts_forwarded_for
    options = ProxyOptions(bind=settings.proxy_bind, trusts_forwarded_for=trusts)
    is_managed = settings.proxy == "managed"
    traffic = HAProxyTraffic(settings.proxy_folder, options, program="haproxy" if is_managed else None)
    log = HAProxyAccessLog(traffic.folder.log_socket, full_rate=settings.access_log_rate)
    attendants = [Attendant("access log", log.start, log.close, log.close)]
    attendants.append(
        _proxy(settings, traffic) if is_managed else Attendant("proxy", traffic.prepare, _nothing, _nothing)
    )
    parts = Parts(database, clock, containers, traffic, log, _network(settings), settings.anchor_file)
    return replace(parts, attendants=tuple(attendants), ask_to_reload=ask_to_reload)


def _proxy(settings: Settings, traffic: HAProxyTraffic) -> Attendant:
    from portal.adapters.haproxy.process import HAProxyProcess

    process = HAProxyProcess(settings.proxy_folder)

    def start() -> None:
        traffic.prepare()
        process.start()

    return Attendant("proxy", start, process.release, process.stop)


def identity_provider(settings: Settings) -> OpenIdProvider | None:
    """None where no provider is set."""
    if settings.oidc_issuer is None or settings.oidc_client_id is None:
        return None
    client = Client(
        settings.oidc_client_id, settings.oidc_client_secret or "", settings.oidc_scopes, settings.oidc_groups_claim
    )
    return OpenIdProvider(settings.oidc_issuer, client)


def external_policy(settings: Settings) -> Policy:
    """What the settings say of people who come from it."""
    name = settings.oidc_name or (settings.oidc_issuer or "").partition("://")[2].partition("/")[0]
    return Policy(settings.address, name, settings.oidc_roles or (), settings.oidc_groups_claim)


def backup_vault(settings: Settings) -> Vault | None:
    """Where backups go, and how they are sealed; None if no store is set."""
    if settings.backup_store is None or settings.backup_key is None:
        return None
    from portal.services.backup_vault import Vault
    from portal.store.master_key import key_of_text

    key = key_of_text(settings.backup_key, purpose=b"backup key of text ", variable="PORTAL_BACKUP_KEY")
    return Vault(_backup_store(settings, settings.backup_store), key)


def backup_means(parts: Parts, master_key: Callable[[], bytes]) -> Means | None:
    """What backups are made with; the portal's own log is shipped by the one process that has a SQLite database."""
    settings, vault = parts.settings, backup_vault(parts.settings)
    if vault is None:
        return None
    from portal.services.backups import Means

    rules = BackupRules(
        timedelta(hours=settings.backup_base_hours),
        timedelta(days=settings.backup_keep_days),
        timedelta(hours=settings.backup_alarm_hours),
    )
    if not settings.has_own_database:
        return Means(vault, rules)
    from portal.services.backup_bases import Bases
    from portal.services.backup_shipping import Shipper

    def name() -> str:
        return key_name(master_key())

    path = Path(settings.database_url.removeprefix("sqlite:///"))
    bases = Bases(vault, parts.clock, settings.data / "scratch", version=__version__, master_key=name)
    return Means(vault, rules, Shipper(path, vault, parts.clock, anchor_file=parts.anchor_file, master_key=name), bases)


def _backup_store(settings: Settings, address: str) -> BackupStore:
    if not address.startswith("s3://"):
        from portal.adapters.backup.directory import DirectoryBackups

        return DirectoryBackups(Path(address))
    from portal.adapters.backup.s3 import Bucket, S3Backups
    from portal.adapters.backup.s3_signing import Credentials

    name, _, prefix = address.removeprefix("s3://").partition("/")
    key_id, secret = settings.backup_s3_key_id or "", settings.backup_s3_secret or ""
    bucket = Bucket(settings.backup_s3_url or "", name, prefix)
    return S3Backups(bucket, Credentials(key_id, secret, settings.backup_s3_region))


def _nothing() -> None:
    """A proxy that somebody else runs is neither started nor ended here."""
