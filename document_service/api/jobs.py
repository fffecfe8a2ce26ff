"""`DocumentJobService` on the wire."""

# ruff: noqa: ARG002, N802 - the contract names the methods and gives each its context

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import aclosing
from dataclasses import dataclass
from typing import TYPE_CHECKING

from dochub.document.v1 import document_job_service_pb2 as pb
from dochub.document.v1.document_job_service_pb2_grpc import DocumentJobServiceServicer
from document_service.application.jobs import Jobs
from document_service.convert.documents import job_filter_from_proto, job_to_proto

if TYPE_CHECKING:
    from grpc.aio import ServicerContext


@dataclass(frozen=True)
class JobApi(DocumentJobServiceServicer):
    """Long work on documents.

    Attributes:
        jobs: Gets, lists, cancels, follows.
    """

    jobs: Jobs

    async def GetJob(
        self,
        request: pb.GetJobRequest,
        context: ServicerContext[pb.GetJobRequest, pb.GetJobResponse],
    ) -> pb.GetJobResponse:
        """Get one job."""
        return pb.GetJobResponse(job=job_to_proto(await self.jobs.get(request.id)))

    async def ListJobs(
        self,
        request: pb.ListJobsRequest,
        context: ServicerContext[pb.ListJobsRequest, pb.ListJobsResponse],
    ) -> pb.ListJobsResponse:
        """List jobs, newest first."""
        wanted = job_filter_from_proto(request)
        found, token = await self.jobs.list(wanted, request.page_size, request.page_token)
        return pb.ListJobsResponse(jobs=[job_to_proto(job) for job in found], next_page_token=token)

    async def CancelJob(
        self,
        request: pb.CancelJobRequest,
        context: ServicerContext[pb.CancelJobRequest, pb.CancelJobResponse],
    ) -> pb.CancelJobResponse:
        """Stop a job."""
        return pb.CancelJobResponse(job=job_to_proto(await self.jobs.cancel(request.id)))

    async def WatchJob(
        self,
        request: pb.WatchJobRequest,
        context: ServicerContext[pb.WatchJobRequest, pb.WatchJobResponse],
    ) -> AsyncIterator[pb.WatchJobResponse]:
        """Follow a job until it ends."""
        async with aclosing(self.jobs.follow(request.id)) as states:
            async for job in states:
                yield pb.WatchJobResponse(job=job_to_proto(job))
