"""Puts identity together: the only file that knows all its parts."""

import secrets
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime

from dochub.identity.v1 import (
    auth_service_pb2,
    auth_service_pb2_grpc,
    revocation_service_pb2,
    revocation_service_pb2_grpc,
)
from hubkit.core.errors import PreconditionFailed
from hubkit.core.ids import new_id
from hubkit.server.app import App, Servicer
from hubkit.sql.database import Database
from hubkit.sql.migrate import check_current
from hubkit.tokens import IDENTITY, Signer
from identity_service.api.auth import AuthApi
from identity_service.api.revocations import RevocationApi
from identity_service.application.current import SignOut, WhoAmI
from identity_service.application.refresh import Refresh
from identity_service.application.revocations import ReadRevocations
from identity_service.application.sign_in import SignIn
from identity_service.application.sweep import Sweep
from identity_service.config import IdentitySettings
from identity_service.engine import PasswordPool
from identity_service.ports import Clock
from identity_service.store.transaction import SqlStore


def utc_now() -> datetime:
    """Give the present time."""
    return datetime.now(UTC)


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
    with PasswordPool.open(settings.passwords) as passwords:
        async with Database.open(settings.database) as database:
            await check_current(database)
            store = SqlStore(database)
            api = AuthApi(
                SignIn(
                    store,
                    passwords,
                    signer,
                    clock=clock,
                    new_id=new_id,
                    random_bytes=secrets.token_bytes,
                ),
                Refresh(store, signer, clock=clock, random_bytes=secrets.token_bytes),
                SignOut(store, clock=clock),
                WhoAmI(store, clock=clock),
                browser_origins=frozenset(settings.browser_origins),
                clock=clock,
            )
            servicer = Servicer(
                auth_service_pb2_grpc.add_AuthServiceServicer_to_server,
                api,
                auth_service_pb2.DESCRIPTOR.services_by_name["AuthService"],
            )
            read_revocations = ReadRevocations(store, clock=clock)
            told = Servicer(
                revocation_service_pb2_grpc.add_RevocationServiceServicer_to_server,
                RevocationApi(read_revocations),
                revocation_service_pb2.DESCRIPTOR.services_by_name["RevocationService"],
            )
            yield App(
                IDENTITY,
                (servicer, told),
                background=(Sweep(store, clock=clock).run,),
                revocations=read_revocations,
            )
