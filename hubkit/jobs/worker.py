"""Runs a service's jobs: fairly over tenants, again after a crash, and not for ever.

PgQueuer claims, beats and recovers; this adds what it leaves open. Each kind of job has 32 lanes by
tenant, and a lane's jobs in flight are bounded over all workers. Starts are counted before the
handler runs, so a job that kills its worker is given up like one that fails. A part that is away is
nobody's fault and is waited for without limit.
"""

import asyncio
import random
from collections.abc import Awaitable, Callable, Mapping
from datetime import timedelta
from functools import partial
from typing import Final

import structlog
from pgqueuer.adapters.persistence.qb import QueryBuilderEnvironment, QueryQueueBuilder
from pgqueuer.adapters.persistence.queries import Queries
from pgqueuer.core.qm import QueueManager
from pgqueuer.domain.errors import RetryRequested
from pgqueuer.domain.models import Job
from sqlalchemy.engine import make_url

from hubkit.config import DatabaseSettings
from hubkit.core.caller import Caller, use_caller
from hubkit.core.errors import HubError, Kind
from hubkit.core.permissions import SERVICE_PERMISSIONS
from hubkit.core.retry import delay_s
from hubkit.jobs.delivery import Delivery, Handler, open_envelope
from hubkit.jobs.driver import PatientDriver
from hubkit.sql.ddl import queue_settings

LANES: Final = 32  # as in bus.add_job
MAX_FAILURES: Final = 5
"""Starts that end in a failure or with the worker's death before a job is given up."""

_POLL_S: Final = 2.0
"""How often to look for jobs whose worker died, which nobody announces."""
_BACKLOG_POLL_S: Final = 0.2
_GRACE_S: Final = 5.0
"""How long handlers may go on after the worker is told to stop."""
_LOG_KEPT: Final = timedelta(days=7)
_SWEEP_S: Final = 3600.0

OnDead = Callable[[Delivery, Exception], Awaitable[None]]

_log = structlog.get_logger()


class GaveUp(HubError):
    """A job ended with its worker's death too often, or its burial failed before."""

    kind = Kind.INTERNAL
    reason = "INTERNAL"


class Worker:
    """Takes jobs from one service's queue and hands them to handlers.

    Every handler may be called twice for one delivery, and is called as the service, for the
    delivery's tenant.

    Args:
        settings: The service's database; a worker holds `driver.CONNECTIONS` of its own.
        schema: The service's schema, which is also its name.
        handlers: By kind of work or type of event.
        on_dead: Called when a job is given up, again and again until it succeeds.
        slots: Jobs in flight here, at least 2.
        tenant_slots: Jobs of a kind in flight for one tenant, over all workers.
        lease_s: How long a worker may give no sign of life before its jobs go to others.
    """

    def __init__(
        self,
        settings: DatabaseSettings,
        schema: str,
        handlers: Mapping[str, Handler],
        *,
        on_dead: OnDead | None = None,
        slots: int = 4,
        tenant_slots: int = 2,
        lease_s: float = 15.0,
    ) -> None:
        if slots < 2 or tenant_slots < 1:
            raise ValueError("a worker has at least 2 slots, a tenant at least 1")
        self._url = make_url(settings.dsn.get_secret_value())
        self._schema = schema
        self._handlers = dict(handlers)
        self._on_dead = on_dead
        self._slots = slots
        self._tenant_slots = tenant_slots
        self._lease = timedelta(seconds=lease_s)
        self._running: set[asyncio.Task[object]] = set()
        self._is_stopping = False

    async def run(self) -> None:
        """Work until cancelled; then let handlers finish for a moment and put the rest back."""
        for failures in range(1, 1 << 31):
            try:
                await self._run_once()
            except Exception:  # noqa: BLE001 - a worker that ends quietly is worse than any cause
                pause_s = delay_s(failures, random.random())  # noqa: S311 - no secret
                _log.exception("worker failed", service=self._schema, again_in_s=pause_s)
                await asyncio.sleep(pause_s)

    async def _run_once(self) -> None:
        async with PatientDriver.open(self._url) as driver:
            manager = self._manager(driver)
            work = asyncio.create_task(
                manager.run(
                    dequeue_timeout=timedelta(seconds=_POLL_S),
                    batch_size=self._slots // 2,
                    max_concurrent_tasks=self._slots,
                    heartbeat_timeout=self._lease,
                    log_aggregation_interval=timedelta(0),
                )
            )
            sweep = asyncio.create_task(self._sweep_log(driver))
            try:
                await asyncio.shield(work)
            finally:
                sweep.cancel()
                await self._stop(manager, work)

    def _manager(self, driver: PatientDriver) -> QueueManager:
        names = queue_settings(self._schema)
        queries = Queries(driver, qbe=QueryBuilderEnvironment(names), qbq=QueryQueueBuilder(names))
        manager = QueueManager(queries, channel=names.channel)
        manager.min_dequeue_poll_interval = timedelta(seconds=_BACKLOG_POLL_S)
        for kind in self._handlers:
            for lane in range(LANES):
                manager.entrypoint(
                    f"{kind}/{lane}",
                    concurrency_limit=self._tenant_slots,
                    accepts_context=False,
                    on_failure="hold",
                )(partial(self._work, driver, kind))
        return manager

    async def _stop(self, manager: QueueManager, work: "asyncio.Task[None]") -> None:
        manager.shutdown.set()
        if self._running:
            await asyncio.wait(self._running, timeout=_GRACE_S)
        self._is_stopping = True
        for task in self._running:
            task.cancel()
        await asyncio.wait({work}, timeout=_GRACE_S)
        self._is_stopping = False
        work.cancel()
        await asyncio.gather(work, return_exceptions=True)

    async def _work(self, driver: PatientDriver, kind: str, job: Job) -> None:
        """Do one job; ends quietly when it is done, or with what PgQueuer is to do with it."""
        task = asyncio.current_task()
        if task is not None:
            self._running.add(task)
            task.add_done_callback(self._running.discard)
        counted = await driver.fetch(
            f"UPDATE {self._schema}.pgqueuer SET starts = starts + 1"  # noqa: S608 - our own name
            " WHERE id = $1 RETURNING starts, excused",
            job.id,
        )
        if not counted:  # another worker took it for lost, and has done it
            return
        starts, excused = int(str(counted[0]["starts"])), int(str(counted[0]["excused"]))
        failures = starts - excused
        delivery = open_envelope(kind, job.payload or b"", starts)
        log = _log.bind(job_id=delivery.id, kind=kind, tenant_id=delivery.tenant_id, starts=starts)
        if failures > MAX_FAILURES:
            reason = GaveUp(f"it failed or its worker died {MAX_FAILURES} times")
            raise await self._bury(delivery, reason, log)
        try:
            with use_caller(self._caller(delivery.tenant_id)):
                await self._handlers[kind](delivery)
        except asyncio.CancelledError:
            if not self._is_stopping:
                raise
            await self._excuse(driver, job)
            raise RetryRequested(timedelta(0), "the worker stops") from None
        except Exception as error:
            if is_away(error):
                log.warning("job waits for a part that is away", error=str(error))
                await self._excuse(driver, job)
                raise _retry(excused + 1, error) from None
            if failures < MAX_FAILURES:
                log.warning("job failed", exc_info=error)
                raise _retry(failures, error) from None
            raise await self._bury(delivery, error, log) from None

    async def _bury(
        self, delivery: Delivery, error: Exception, log: structlog.typing.FilteringBoundLogger
    ) -> Exception:
        """Tell that a job is given up, and park it; while nobody can be told, try again."""
        log.error("job given up", exc_info=error)
        if self._on_dead is not None:
            try:
                with use_caller(self._caller(delivery.tenant_id)):
                    await self._on_dead(delivery, error)
            except Exception as failure:
                log.warning("job's end could not be told", exc_info=failure)
                return _retry(delivery.starts, failure)
        return GaveUp(f"given up: {type(error).__name__}")

    async def _excuse(self, driver: PatientDriver, job: Job) -> None:
        await driver.execute(
            f"UPDATE {self._schema}.pgqueuer SET excused = excused + 1 WHERE id = $1",  # noqa: S608 - our own name
            job.id,
        )

    async def _sweep_log(self, driver: PatientDriver) -> None:
        while True:
            await driver.execute(
                f"DELETE FROM {self._schema}.pgqueuer_log WHERE created < now() - $1::interval",  # noqa: S608 - our own name
                _LOG_KEPT,
            )
            await asyncio.sleep(_SWEEP_S)

    def _caller(self, tenant_id: str) -> Caller:
        return Caller(tenant_id, None, None, self._schema, None, SERVICE_PERMISSIONS)


def is_away(error: BaseException) -> bool:
    """Tell whether a failure, or all of a group, says that a part is away or has too much to do."""
    if isinstance(error, BaseExceptionGroup):
        return all(is_away(part) for part in error.exceptions)
    return isinstance(error, HubError) and error.kind in (Kind.UNAVAILABLE, Kind.BUSY)


def _retry(attempt: int, error: Exception) -> RetryRequested:
    pause_s = delay_s(attempt, random.random())  # noqa: S311 - no secret
    if isinstance(error, HubError):
        pause_s = max(pause_s, error.retry_after_s or 0)
    return RetryRequested(timedelta(seconds=pause_s), type(error).__name__)
