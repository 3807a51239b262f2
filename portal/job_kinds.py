"""The kinds of long work that there are."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from portal.adapters.host import probes as host
from portal.core import Core
from portal.keeping_parts import repair
from portal.kit.sealing import key_name
from portal.life_parts import life_kinds
from portal.parts import is_demonstration
from portal.secret_parts import key_ring, master_keys
from portal.services.healing import REPAIR
from portal.services.job_run import JobKind


def job_kinds(core: Core) -> Mapping[str, Callable[[], JobKind]]:
    """The kinds of long work that there are, each made when it is first needed: one line here adds a kind."""
    from portal.services.backup_check import CheckPortalBackup

    return {
        "secret_rotation": lambda: _secret_rotation(core),
        "master_key": lambda: _master_key_rotation(core),
        REPAIR: lambda: repair(core.tools),
        **life_kinds(core.tools),
        "portal-check": lambda: CheckPortalBackup(core.database, core.clock, core.backups),
    }


def _secret_rotation(core: Core) -> JobKind:
    from portal.adapters.memory.host import http_status
    from portal.services.secret_rotation import RotationParts, SecretRotation

    ask = http_status if is_demonstration(core.settings) else host.http_status
    stores = (core.database, core.clock, core.audit, core.containers)
    return SecretRotation(RotationParts(*stores, core.secrets, core.secret_delivery, core.rollouts, ask))


def _master_key_rotation(core: Core) -> JobKind:
    from portal.services.master_key_rotation import MasterKeyRotation

    settings = core.settings
    name = lambda: key_name(master_keys(settings)[0])  # noqa: E731 - one line
    return MasterKeyRotation(core.database, core.audit, box=core.secret_box, ring=key_ring(settings), name=name)
