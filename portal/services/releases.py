"""Releases: bound to the content of an image when they are made, and never changed."""

from __future__ import annotations

import base64
import json
from dataclasses import dataclass

from portal.domain.access import Actor, Permission, demand, environments_with
from portal.domain.audit import AuditEntry
from portal.domain.deployment import Deployment
from portal.domain.errors import Invalid, Refused
from portal.domain.lists import ReleaseQuery
from portal.domain.page import Page
from portal.domain.release import Release, Signature
from portal.domain.version import parse_version
from portal.ports.clock import Clock
from portal.ports.containers import Containers
from portal.services.audit import Audit
from portal.store import catalogue, deployments
from portal.store import releases as store
from portal.store.database import Database

LONGEST_NOTES = 100_000


@dataclass(frozen=True, slots=True)
class ReleaseDetails:
    """What may be said of a release beside its image."""

    commit: str = ""
    notes: str = ""
    is_irreversible: bool = False
    signatures: tuple[Signature, ...] = ()


class Releases:
    def __init__(self, database: Database, clock: Clock, audit: Audit, *, containers: Containers) -> None:
        self._database, self._clock, self._audit, self._containers = database, clock, audit, containers

    def page(self, actor: Actor, query: ReleaseQuery | None = None) -> Page[Release]:
        """Those that fit, or the newest of all. Invalid("sort_bad")."""
        demand(actor, Permission.VIEW)
        with self._database.reading() as session:
            return store.page(session, query or ReleaseQuery())

    def release(self, actor: Actor, service: str, version: str) -> Release:
        demand(actor, Permission.VIEW)
        with self._database.reading() as session:
            return store.get(session, service, version)

    def before(self, actor: Actor, release: Release) -> Release | None:
        """The release of the service that was made just before this one."""
        demand(actor, Permission.VIEW)
        with self._database.reading() as session:
            return store.before(session, release)

    def where_running(self, actor: Actor, service: str, version: str) -> tuple[Deployment, ...]:
        """In those environments in which the actor may see anything."""
        demand(actor, Permission.VIEW)
        seen = environments_with(actor, Permission.VIEW)
        with self._database.reading() as session:
            every = deployments.every(session)
        mine = (d for d in every if seen is None or d.environment in seen)
        return tuple(d for d in mine if d.service == service and d.version == version)

    def create(
        self, actor: Actor, service: str, version: str, *, image: str, details: ReleaseDetails | None = None
    ) -> Release:
        """Bind a version to the content that `image` (a tag, digest or id) names now.

        NotFound("image_missing") if the engine does not have it, Conflict("release_exists") if the version is taken.
        """
        demand(actor, Permission.RELEASE_CREATE)
        details = details or ReleaseDetails()
        parse_version(version)
        if len(details.notes) > LONGEST_NOTES:
            raise Invalid("notes_too_long", field="notes", limit=LONGEST_NOTES)
        content = self._containers.image(image).id
        release = Release(
            service=service,
            version=version,
            image=content,
            commit=details.commit[:100],
            notes=details.notes,
            created_by=actor.name,
            created_at=self._clock.now(),
            is_irreversible=details.is_irreversible,
            signatures=details.signatures,
        )
        with self._database.transaction() as session:
            if catalogue.service(session, service).is_archived:
                raise Refused("service_archived", service=service)
            store.add(session, release, self._clock.now())
            params = {"version": version, "image": content}
            self._audit.record(
                session,
                AuditEntry(actor.name, actor.kind, "release.created", "release", f"{service} {version}", params=params),
            )
        return release


def is_signed(release: Release, public_key_pem: str) -> bool:
    """Whether a cosign signature of the release verifies under the key and names the release's image.

    Source: cosign SIGNATURE_SPEC (simple signing payload, ECDSA P-256 over SHA-256).
    """
    return any(_verifies(s, public_key_pem) and _names(s, release.image) for s in release.signatures)


def check_public_key(pem: str) -> None:
    """Invalid("signature_key_bad") for text that is no PEM of a public EC key; none at all is fine."""
    from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePublicKey
    from cryptography.hazmat.primitives.serialization import load_pem_public_key

    try:
        is_right = not pem or isinstance(load_pem_public_key(pem.encode()), EllipticCurvePublicKey)
    except ValueError:
        is_right = False
    if not is_right:
        raise Invalid("signature_key_bad", field="signature_key")


def _names(signature: Signature, image: str) -> bool:
    try:
        critical = json.loads(signature.payload)["critical"]
        return critical["image"]["docker-manifest-digest"] == image
    except (ValueError, KeyError, TypeError):
        return False


def _verifies(signature: Signature, public_key_pem: str) -> bool:
    from cryptography.exceptions import InvalidSignature
    from cryptography.hazmat.primitives.asymmetric.ec import ECDSA, EllipticCurvePublicKey
    from cryptography.hazmat.primitives.hashes import SHA256
    from cryptography.hazmat.primitives.serialization import load_pem_public_key

    try:
        key = load_pem_public_key(public_key_pem.encode())
        if not isinstance(key, EllipticCurvePublicKey):
            return False
        key.verify(base64.b64decode(signature.signature, validate=True), signature.payload.encode(), ECDSA(SHA256()))
    except (InvalidSignature, ValueError):
        return False
    return True
