"""Puts identity together: the only file that knows all its parts."""

import secrets
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from dochub.identity.v1 import (
    api_key_service_pb2,
    api_key_service_pb2_grpc,
    audit_service_pb2,
    audit_service_pb2_grpc,
    auth_service_pb2,
    auth_service_pb2_grpc,
    revocation_service_pb2,
    revocation_service_pb2_grpc,
    tenant_service_pb2,
    tenant_service_pb2_grpc,
    user_service_pb2,
    user_service_pb2_grpc,
)
from hubkit.core.errors import PreconditionFailed
from hubkit.core.ids import new_id
from hubkit.core.paging import PageTokens
from hubkit.server.app import App, Servicer
from hubkit.sql.database import Database
from hubkit.sql.migrate import check_current
from hubkit.tokens import IDENTITY, Signer
from identity_service.api.api_keys import ApiKeyApi
from identity_service.api.arrivals import Arrivals
from identity_service.api.audit import AuditApi
from identity_service.api.auth import AuthApi, AuthUses
from identity_service.api.revocations import RevocationApi
from identity_service.api.tenants import TenantApi
from identity_service.api.users import UserApi
from identity_service.application.admission import Admission
from identity_service.application.api_keys import ApiKeys
from identity_service.application.audit import AuditTrail, KeepHeads
from identity_service.application.current import SignOut, WhoAmI
from identity_service.application.members import Members
from identity_service.application.opening import Opening
from identity_service.application.passwords import ChangePassword, MailedPassword
from identity_service.application.proof import Proof
from identity_service.application.refresh import Refresh
from identity_service.application.revocations import ReadRevocations
from identity_service.application.second_factor import SecondFactors
from identity_service.application.sessions import Sessions
from identity_service.application.sign_in import SignIn
from identity_service.application.sweep import Sweep
from identity_service.application.tenants import Tenants
from identity_service.application.trail import Later, Trail
from identity_service.clients.mail import open_mail
from identity_service.config import IdentitySettings
from identity_service.engine.common import is_common
from identity_service.engine.heads import SignedHeads
from identity_service.engine.passwords import PasswordPool
from identity_service.engine.sealing import Sealer
from identity_service.ports import Clock
from identity_service.store.transaction import SqlStore


def utc_now() -> datetime:
    """Give the present time."""
    return datetime.now(UTC)


@dataclass(frozen=True, slots=True)
class _Parts:
    """What the use cases are made of."""

    settings: IdentitySettings
    store: SqlStore
    passwords: PasswordPool
    signer: Signer
    sealer: Sealer | None
    admission: Admission
    later: Later
    trail: Trail
    clock: Clock


@asynccontextmanager
async def build(settings: IdentitySettings, *, clock: Clock = utc_now) -> AsyncIterator[App]:
    """Open what identity needs and give it, ready to be served.

    Raises:
        PreconditionFailed: A key is missing or the database is behind; the message says what to do.
    """
    key_file = settings.server.service_key_file
    if key_file is None:
        raise PreconditionFailed(
            "identity signs tokens: name its key in DOCHUB_SERVER__SERVICE_KEY_FILE"
        )
    signer = Signer.from_file(key_file, IDENTITY)
    sealer = Sealer.from_file(settings.data_key_file) if settings.data_key_file else None
    with PasswordPool.open(settings.passwords) as passwords:
        async with Database.open(settings.database) as database:
            await check_current(database)
            trail = Trail(clock=clock, random_bytes=secrets.token_bytes)
            store = SqlStore(database)
            parts = _Parts(
                settings=settings,
                store=store,
                passwords=passwords,
                signer=signer,
                sealer=sealer,
                admission=Admission(store),
                later=Later(),
                trail=trail,
                clock=clock,
            )
            read_revocations = ReadRevocations(parts.store, clock=clock)
            yield App(
                IDENTITY,
                (
                    _auth(parts),
                    _audit(parts),
                    *_tenancy(parts),
                    Servicer(
                        revocation_service_pb2_grpc.add_RevocationServiceServicer_to_server,
                        RevocationApi(read_revocations),
                        revocation_service_pb2.DESCRIPTOR.services_by_name["RevocationService"],
                    ),
                ),
                background=tuple(_background(parts)),
                revocations=read_revocations,
            )


def _background(parts: _Parts) -> list[Callable[[], Coroutine[Any, Any, None]]]:
    work = [Sweep(parts.store, clock=parts.clock).run, parts.later.run]
    audit = parts.settings.audit
    if parts.sealer is not None and audit.heads_dir is not None:
        heads = SignedHeads(parts.sealer)
        pause_s = audit.heads_pause_s
        keep = KeepHeads(parts.store, heads, audit.heads_dir, pause_s, clock=parts.clock)
        work.append(keep.run)
    return work


def _auth(parts: _Parts) -> Servicer:
    store, clock, random_bytes = parts.store, parts.clock, secrets.token_bytes
    who_am_i = WhoAmI(store, clock=clock)
    opening = Opening(parts.signer, parts.trail, new_id=new_id, random_bytes=random_bytes)
    proof = Proof(store, parts.passwords, parts.admission, who_am_i, clock=clock)
    factors = SecondFactors(
        store, parts.sealer, proof, parts.trail, clock=clock, random_bytes=random_bytes
    )
    uses = AuthUses(
        sign_in=SignIn(
            store,
            parts.passwords,
            admission=parts.admission,
            factors=factors,
            opening=opening,
            trail=parts.trail,
            later=parts.later,
            clock=clock,
        ),
        refresh=Refresh(store, parts.signer, parts.trail, clock=clock, random_bytes=random_bytes),
        sign_out=SignOut(store, parts.trail, clock=clock),
        who_am_i=who_am_i,
        sessions=Sessions(store, who_am_i, opening, parts.trail, clock=clock),
        change_password=ChangePassword(
            store, parts.passwords, proof, parts.trail, is_common, clock=clock
        ),
        mailed_password=_mailed_password(parts),
        second_factors=factors,
    )
    return Servicer(
        auth_service_pb2_grpc.add_AuthServiceServicer_to_server,
        AuthApi(uses, _arrivals(parts), clock),
        auth_service_pb2.DESCRIPTOR.services_by_name["AuthService"],
    )


def _audit(parts: _Parts) -> Servicer:
    signer = SignedHeads(parts.sealer) if parts.sealer else None
    trail = AuditTrail(parts.store, parts.trail, signer, _page_tokens(parts), clock=parts.clock)
    return Servicer(
        audit_service_pb2_grpc.add_AuditServiceServicer_to_server,
        AuditApi(trail, _arrivals(parts)),
        audit_service_pb2.DESCRIPTOR.services_by_name["AuditService"],
    )


def _tenancy(parts: _Parts) -> tuple[Servicer, ...]:
    store, trail, clock, arrivals = parts.store, parts.trail, parts.clock, _arrivals(parts)
    tokens = _page_tokens(parts)
    members = Members(store, _mailed_password(parts), trail, tokens, clock=clock, new_id=new_id)
    keys = ApiKeys(
        store,
        parts.signer,
        trail,
        tokens,
        admission=parts.admission,
        clock=clock,
        new_id=new_id,
        random_bytes=secrets.token_bytes,
    )
    return (
        Servicer(
            user_service_pb2_grpc.add_UserServiceServicer_to_server,
            UserApi(members, arrivals),
            user_service_pb2.DESCRIPTOR.services_by_name["UserService"],
        ),
        Servicer(
            tenant_service_pb2_grpc.add_TenantServiceServicer_to_server,
            TenantApi(Tenants(store, trail), arrivals),
            tenant_service_pb2.DESCRIPTOR.services_by_name["TenantService"],
        ),
        Servicer(
            api_key_service_pb2_grpc.add_ApiKeyServiceServicer_to_server,
            ApiKeyApi(keys, arrivals),
            api_key_service_pb2.DESCRIPTOR.services_by_name["ApiKeyService"],
        ),
    )


def _mailed_password(parts: _Parts) -> MailedPassword:
    return MailedPassword(
        parts.store,
        parts.passwords,
        open_mail(parts.settings.mail),
        admission=parts.admission,
        trail=parts.trail,
        later=parts.later,
        is_common=is_common,
        link=parts.settings.mail.link,
        clock=parts.clock,
        random_bytes=secrets.token_bytes,
    )


def _page_tokens(parts: _Parts) -> PageTokens:
    """Give what makes page tokens; without a data key they end with a rotation of keys."""
    if parts.sealer is not None:
        return PageTokens(parts.sealer.derived("page tokens"))
    return PageTokens(parts.signer.derive_key("page tokens"))


def _arrivals(parts: _Parts) -> Arrivals:
    return Arrivals(frozenset(parts.settings.browser_origins))
