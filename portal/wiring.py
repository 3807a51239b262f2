"""Builds the portal from its parts: the one place that knows which adapter is behind which port."""

from __future__ import annotations

import os
from dataclasses import replace
from functools import partial
from threading import Event

from portal.adapters.clock import SystemClock
from portal.adapters.github.probe import github
from portal.adapters.host import probes as host
from portal.adapters.notify.ways import notifiers
from portal.core import Core
from portal.job_kinds import job_kinds
from portal.keeping_parts import Tools, keeper
from portal.kit import failpoints
from portal.kit.topics import Topics
from portal.parts import Parts, backup_means, external_policy, identity_provider, made_of
from portal.secret_parts import master_keys, newest_master_key
from portal.services import health_probes
from portal.services.audit import Audit
from portal.services.audit_check import AuditCheck
from portal.services.backups import Backups
from portal.services.catalogue import Catalogue
from portal.services.container_executions import Executions
from portal.services.container_hosts import Hosts
from portal.services.container_logs import ContainerLogs
from portal.services.containers import Fleet
from portal.services.demonstration import Demonstration
from portal.services.deployments import Deployments
from portal.services.external_sign_in import ExternalSignIn
from portal.services.health import HealthWatch, Probe
from portal.services.identity import Identity
from portal.services.integrations import Integrations
from portal.services.job_engine import JobEngine
from portal.services.jobs import Jobs
from portal.services.measures import Measures
from portal.services.memory_watch import MemoryWatch
from portal.services.notifications import Notifications
from portal.services.outbox import Outbox, Post
from portal.services.releases import Releases
from portal.services.rollout_effects import Effects
from portal.services.rollout_engine import RolloutEngine
from portal.services.rollout_points import RolloutPoints
from portal.services.rollout_views import RolloutViews
from portal.services.rollout_world import World
from portal.services.rollouts import Rollouts
from portal.services.search import Search
from portal.services.secret_box import SecretBox
from portal.services.secret_delivery import SecretDelivery
from portal.services.settings_book import SettingsBook
from portal.services.traffic_watch import Rates, TrafficWatch
from portal.settings import Settings, explained
from portal.store.database import Database
from portal.store.migrate import migrate


def assemble(parts: Parts) -> Core:
    """A portal from given parts; nothing is started."""
    database, clock, topics, rates = parts.database, parts.clock, Topics(), Rates()
    audit = Audit(database, clock, anchor_file=parts.anchor_file, sign=parts.sign)
    catalogue = Catalogue(database, clock, audit)
    releases = Releases(database, clock, audit, containers=parts.containers)
    rollouts = Rollouts(database, clock, audit, topics=topics, containers=parts.containers)
    box, newest = SecretBox(partial(master_keys, parts.settings)), partial(newest_master_key, parts.settings)
    identity = Identity(database, clock, audit, box=box, session_hours=parts.settings.session_hours)
    world, fleet = World(database, clock, parts.containers, parts.traffic), _fleet(parts, audit)
    outbox = Outbox(database, clock, audit, topics=topics, post=Post(parts.notifiers, box, parts.settings.public_url))
    tools = Tools(parts, audit, topics, box, SecretDelivery(database, parts.containers, box))
    given = (parts.containers, parts.traffic, parts.network, box, tools.delivery)
    health, jobs = HealthWatch(clock, _probes(parts)), Jobs(database, clock, audit, topics=topics)
    made = Core(
        parts=parts,
        topics=topics,
        audit=audit,
        audit_check=AuditCheck(audit, clock, topics),
        secret_box=box,
        catalogue=catalogue,
        releases=releases,
        deployments=Deployments(database, parts.containers, parts.traffic, tools.delivery),
        rollouts=rollouts,
        views=_views(parts, world, rates),
        identity=identity,
        external=ExternalSignIn(identity, identity_provider(parts.settings), external_policy(parts.settings)),
        engine=RolloutEngine(database, clock, audit, topics, world, Effects(database, clock, *given)),
        watch=TrafficWatch(database, clock, parts.access_log, topics=topics, rates=rates),
        rates=rates,
        demonstration=Demonstration(catalogue, releases, rollouts, identity),
        health=health,
        integrations=Integrations(health, _on_demand(parts.settings)),
        measures=Measures(database, parts.settings.data, dropped_records=lambda: parts.access_log.dropped),
        fleet=fleet,
        executions=Executions(database, clock, audit, containers=parts.containers, fleet=fleet),
        container_logs=ContainerLogs(parts.containers, fleet),
        hosts=Hosts(database, audit, containers=parts.containers, network=parts.network.name),
        search=Search(database),
        settings_book=SettingsBook(explained(parts.settings, os.environ)),
        notifications=Notifications(database, clock, audit, topics=topics),
        outbox=outbox,
        jobs=jobs,
        tools=tools,
        keeper=keeper(tools, jobs, rollouts=rollouts),
        job_engine=JobEngine(database, clock, audit, topics, jobs, halt=Event()),
        backups=Backups(database, clock, audit, means=backup_means(parts, newest), jobs=jobs),
    )
    jobs.register(job_kinds(made))
    return made


def _views(parts: Parts, world: World, rates: Rates) -> RolloutViews:
    memory = MemoryWatch(parts.containers, parts.clock)
    return RolloutViews(parts.database, world, rates, memory, RolloutPoints(parts.database))


def _fleet(parts: Parts, audit: Audit) -> Fleet:
    fleet = Fleet(parts.database, parts.clock, audit, containers=parts.containers, traffic=parts.traffic)
    fleet.lets_execute = parts.settings.lets_execute
    return fleet


def _probes(parts: Parts) -> dict[str, Probe | None]:
    """None for what this process has been told not to do."""
    settings = parts.settings
    mcp_port = settings.mcp_port
    uses_git = any((settings.git_user_name, settings.git_user_email, settings.github_token))
    return {
        "database": health_probes.database(parts.database),
        "git": host.git_version if uses_git else None,
        "mcp_server": (lambda: host.port_open(settings.host, mcp_port)) if mcp_port else None,
        "file_system": health_probes.file_system(settings.data),
        "network": None if settings.role == "worker" else lambda: host.port_open(settings.host, settings.port),
        "engine": health_probes.engine(parts.containers),
        "proxy": health_probes.proxy(parts.traffic),
        "workers": health_probes.workers(parts.database),
    }


def _on_demand(settings: Settings) -> dict[str, Probe | None]:
    """What lies outside and is asked only when somebody wants to know."""
    return {"github": github(settings.github_token) if settings.github_token else None}


def build(settings: Settings) -> Core:
    """The portal that the settings describe, its database brought up to date; nothing is started yet."""
    failpoints.arm(settings.failpoints or "")
    database = Database(settings.database_url)
    migrate(database)
    clock = SystemClock()
    ways = notifiers(settings.smtp_url, settings.mail_from, lets_private=settings.lets_private_webhooks)
    return assemble(replace(made_of(settings, database, clock=clock), notifiers=ways))


_current: Core | None = None


def use(instance: Core) -> None:
    """Make this the portal of the process."""
    global _current  # noqa: PLW0603 - the process has one portal
    _current = instance


def is_in_use() -> bool:
    """Whether the process has a portal already."""
    return _current is not None


def core() -> Core:
    """The portal of the process; `use` comes first."""
    if _current is None:
        raise RuntimeError("the portal has not been built yet: call wiring.use first")
    return _current
