"""Documents, uploads and jobs."""

from dochub.document.v1 import (
    document_job_service_pb2,
    document_pb2,
    document_service_pb2,
    upload_service_pb2,
)
from dochub.ocr.v1 import ocr_service_pb2
from dochub.type.v1 import job_pb2
from document_service.convert.basics import (
    enum_from_proto,
    failure_to_proto,
    time_from_proto,
    time_to_proto,
)
from document_service.domain.document import Document, DocumentChange, DocumentState, FileInfo
from document_service.domain.job import Job, JobState
from document_service.domain.run import ReadingOptions
from document_service.domain.upload import UploadStatus
from document_service.ports import DocumentFilter, JobFilter
from hubkit.core.errors import InvalidArgument
from hubkit.core.ids import check_id
from paperwork.document_types import DOCUMENT_TYPES, OTHER

_STATES = {
    DocumentState.UPLOADED: document_pb2.DOCUMENT_STATE_UPLOADED,
    DocumentState.PROCESSING: document_pb2.DOCUMENT_STATE_PROCESSING,
    DocumentState.FAILED: document_pb2.DOCUMENT_STATE_FAILED,
    DocumentState.NEEDS_REVIEW: document_pb2.DOCUMENT_STATE_NEEDS_REVIEW,
}
CHANGES = {
    DocumentChange.CREATED: document_service_pb2.DOCUMENT_CHANGE_CREATED,
    DocumentChange.UPDATED: document_service_pb2.DOCUMENT_CHANGE_UPDATED,
    DocumentChange.DELETED: document_service_pb2.DOCUMENT_CHANGE_DELETED,
}
_JOB_STATES = {
    JobState.QUEUED: job_pb2.JOB_STATE_QUEUED,
    JobState.RUNNING: job_pb2.JOB_STATE_RUNNING,
    JobState.SUCCEEDED: job_pb2.JOB_STATE_SUCCEEDED,
    JobState.FAILED: job_pb2.JOB_STATE_FAILED,
    JobState.CANCELLED: job_pb2.JOB_STATE_CANCELLED,
}
_FROM_STATES: dict[int, DocumentState] = {wire: state for state, wire in _STATES.items()}
_FROM_JOB_STATES: dict[int, JobState] = {wire: state for state, wire in _JOB_STATES.items()}


def file_to_proto(file: FileInfo) -> document_pb2.FileInfo:
    """Write what is known of a file."""
    return document_pb2.FileInfo(
        filename=file.filename,
        media_type=file.media_type,
        size_bytes=file.size_bytes,
        sha256=file.sha256,
    )


def document_to_proto(document: Document) -> document_pb2.Document:
    """Write a document."""
    return document_pb2.Document(
        id=document.id,
        etag=document.etag,
        state=_STATES[document.state],
        file=file_to_proto(document.file),
        document_type=document.classification.document_type,
        functions=document.classification.functions,
        type_confidence=document.classification.confidence,
        page_count=document.page_count,
        pages_done=document.pages_done,
        warnings=document.warnings,
        error=failure_to_proto(document.error),
        create_time=time_to_proto(document.create_time),
        update_time=time_to_proto(document.update_time),
        creator_id=document.creator_id or "",
    )


def upload_to_proto(status: UploadStatus) -> upload_service_pb2.Upload:
    """Write an upload and what has arrived of it."""
    upload = status.upload
    return upload_service_pb2.Upload(
        id=upload.id,
        filename=upload.announced.filename,
        size_bytes=upload.announced.size_bytes,
        part_size_bytes=upload.announced.part_size_bytes,
        part_count=upload.part_count,
        received_parts=status.received,
        expire_time=time_to_proto(upload.expire_time),
        document_id=upload.document_id or "",
    )


def job_to_proto(job: Job) -> job_pb2.Job:
    """Write a job."""
    return job_pb2.Job(
        id=job.id,
        kind=job.kind,
        state=_JOB_STATES[job.state],
        progress=job_pb2.Progress(
            done=job.progress.done,
            total=job.progress.total,
            unit="pages",
            stage=job.progress.stage,
        ),
        error=failure_to_proto(job.error),
        document_id=job.document_id,
        create_time=time_to_proto(job.create_time),
        start_time=time_to_proto(job.start_time),
        end_time=time_to_proto(job.end_time),
        starts=job.starts,
    )


def document_filter_from_proto(wire: document_service_pb2.DocumentFilter) -> DocumentFilter:
    """Read which documents to list; in one order, so that the same filter is the same list.

    Raises:
        InvalidArgument: A state or type is not known, or a time is out of range.
    """
    for key in wire.document_types:
        if key not in DOCUMENT_TYPES and key != OTHER:
            raise InvalidArgument(
                "document_types holds a type that does not exist", field="filter.document_types"
            )
    states = {enum_from_proto(n, _FROM_STATES, "filter.states") for n in wire.states}
    return DocumentFilter(
        states=tuple(sorted(states, key=lambda state: state.value)),
        document_types=tuple(sorted(set(wire.document_types))),
        created_from=(
            time_from_proto(wire.create_time_from, "filter.create_time_from")
            if wire.HasField("create_time_from")
            else None
        ),
        created_before=(
            time_from_proto(wire.create_time_to, "filter.create_time_to")
            if wire.HasField("create_time_to")
            else None
        ),
    )


def job_filter_from_proto(wire: document_job_service_pb2.ListJobsRequest) -> JobFilter:
    """Read which jobs to list.

    Raises:
        InvalidArgument: A state is not known, or the document's id is none.
    """
    states = {enum_from_proto(n, _FROM_JOB_STATES, "states") for n in wire.states}
    return JobFilter(
        document_id=check_id(wire.document_id, "document_id") if wire.document_id else None,
        states=tuple(sorted(states, key=lambda state: state.value)),
    )


def options_from_proto(wire: ocr_service_pb2.OcrOptions) -> ReadingOptions:
    """Read how to read.

    Raises:
        InvalidArgument: A language is no BCP 47 code, or there are too many.
    """
    return ReadingOptions.checked(tuple(wire.languages), wire.force_ocr)


def options_to_proto(options: ReadingOptions) -> ocr_service_pb2.OcrOptions:
    """Write how to read."""
    return ocr_service_pb2.OcrOptions(languages=options.languages, force_ocr=options.force_ocr)
