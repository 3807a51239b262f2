"""The portal as a whole: its services by name, those that keep nothing made when they are asked for."""

from __future__ import annotations

from dataclasses import dataclass

from portal.keeping_parts import Tools, drift
from portal.kit.topics import Topics
from portal.life_parts import data_copies, environment_life, scaling
from portal.parts import Parts
from portal.ports.clock import Clock
from portal.ports.containers import Containers
from portal.ports.traffic import Traffic
from portal.services.access import Access
from portal.services.approvals import Approvals
from portal.services.audit import Audit
from portal.services.audit_check import AuditCheck
from portal.services.backups import Backups
from portal.services.catalogue import Catalogue
from portal.services.comparison import Comparisons
from portal.services.configuration import Configuration
from portal.services.configuration_exchange import ConfigurationExchange
from portal.services.container_executions import Executions
from portal.services.container_hosts import Hosts
from portal.services.container_logs import ContainerLogs
from portal.services.containers import Fleet
from portal.services.data_copies import DataCopies
from portal.services.demonstration import Demonstration
from portal.services.deployments import Deployments
from portal.services.dora import DoraMeasures
from portal.services.drift import Drift
from portal.services.environment_life import EnvironmentLife
from portal.services.external_sign_in import ExternalSignIn
from portal.services.health import HealthWatch
from portal.services.identity import Identity
from portal.services.integrations import Integrations
from portal.services.job_engine import JobEngine
from portal.services.jobs import Jobs
from portal.services.keeping import Keeper
from portal.services.log_level import LogLevel
from portal.services.measures import Measures
from portal.services.notification_channels import Channels
from portal.services.notifications import Notifications
from portal.services.outbox import Outbox
from portal.services.releases import Releases
from portal.services.rollout_engine import RolloutEngine
from portal.services.rollout_views import RolloutViews
from portal.services.rollouts import Rollouts
from portal.services.saved_views import SavedViews
from portal.services.scaling import Scaling
from portal.services.search import Search
from portal.services.secret_box import SecretBox
from portal.services.secret_delivery import SecretDelivery
from portal.services.secret_schedule import SecretSchedule
from portal.services.secrets import Secrets
from portal.services.service_places import ServicePlaces
from portal.services.settings_book import SettingsBook
from portal.services.support import Support
from portal.services.traffic_watch import Rates, TrafficWatch
from portal.settings import Settings
from portal.store.database import Database


@dataclass(frozen=True, slots=True)
class Core:
    """The portal's services, for the pages, the REST API, the command line and the workers."""

    parts: Parts
    topics: Topics
    audit: Audit
    audit_check: AuditCheck
    secret_box: SecretBox
    catalogue: Catalogue
    releases: Releases
    deployments: Deployments
    rollouts: Rollouts
    views: RolloutViews
    identity: Identity
    external: ExternalSignIn
    engine: RolloutEngine
    watch: TrafficWatch
    rates: Rates
    demonstration: Demonstration
    health: HealthWatch
    measures: Measures
    fleet: Fleet
    executions: Executions
    container_logs: ContainerLogs
    hosts: Hosts
    search: Search
    settings_book: SettingsBook
    integrations: Integrations
    notifications: Notifications
    outbox: Outbox
    jobs: Jobs
    tools: Tools
    keeper: Keeper
    job_engine: JobEngine
    backups: Backups

    @property
    def configuration(self) -> Configuration:
        return Configuration(self.database, self.clock, self.audit, self.topics, self.containers)

    @property
    def configuration_exchange(self) -> ConfigurationExchange:
        return ConfigurationExchange(self.database)

    @property
    def channels(self) -> Channels:
        return Channels(self.database, self.clock, self.audit, box=self.secret_box, outbox=self.outbox)

    @property
    def secrets(self) -> Secrets:
        return Secrets(self.database, self.clock, self.audit, box=self.secret_box)

    @property
    def secret_schedule(self) -> SecretSchedule:
        return SecretSchedule(self.database, self.clock, self.audit, jobs=self.jobs)

    @property
    def secret_delivery(self) -> SecretDelivery:
        return self.deployments.delivery

    @property
    def access(self) -> Access:
        return Access(self.database)

    @property
    def drift(self) -> Drift:
        return drift(self.tools, self.jobs)

    @property
    def service_places(self) -> ServicePlaces:
        return ServicePlaces(self.database, self.containers, self.traffic, self.rates)

    @property
    def support(self) -> Support:
        return Support(self.database, self.clock, self.audit)

    @property
    def saved_views(self) -> SavedViews:
        return SavedViews(self.database, self.clock, self.audit)

    @property
    def comparisons(self) -> Comparisons:
        return Comparisons(self.database, self.clock)

    @property
    def dora(self) -> DoraMeasures:
        return DoraMeasures(self.database, self.clock)

    @property
    def log_level(self) -> LogLevel:
        return LogLevel(self.database, self.audit)

    @property
    def approvals(self) -> Approvals:
        return Approvals(self.database, self.views)

    @property
    def scaling(self) -> Scaling:
        return scaling(self.tools, self.jobs, rates=self.rates)

    @property
    def life(self) -> EnvironmentLife:
        return environment_life(self.tools, self.jobs, catalogue=self.catalogue, rollouts=self.rollouts)

    @property
    def data_copies(self) -> DataCopies:
        return data_copies(self.tools, self.jobs)

    @property
    def settings(self) -> Settings:
        return self.parts.settings

    @property
    def database(self) -> Database:
        return self.parts.database

    @property
    def clock(self) -> Clock:
        return self.parts.clock

    @property
    def containers(self) -> Containers:
        return self.parts.containers

    @property
    def traffic(self) -> Traffic:
        return self.parts.traffic
