"""Events of documents: written for everybody, read again for those who watch."""

from dochub.document.v1 import document_pb2, document_service_pb2, events_pb2
from document_service.convert.documents import CHANGES, document_to_proto
from document_service.convert.reading import extraction_to_proto
from document_service.domain.document import Document, DocumentChange
from document_service.domain.field import Extraction
from document_service.ports import Change


class ProtoEventForms:
    """Writes events as messages of the contract."""

    def document_changed(self, change: DocumentChange, document: Document) -> bytes:
        """Write that a document changed; of a deleted one only its id."""
        shown = (
            document_pb2.Document(id=document.id)
            if change is DocumentChange.DELETED
            else document_to_proto(document)
        )
        event = events_pb2.DocumentChanged(change=CHANGES[change], document=shown)
        return event.SerializeToString()

    def fields_changed(self, document: Document, extraction: Extraction) -> bytes:
        """Write that a document's fields were read."""
        event = events_pb2.FieldsChanged(
            document=document_to_proto(document), extraction=extraction_to_proto(extraction)
        )
        return event.SerializeToString()


def document_id_of(payload: bytes) -> str:
    """Tell which document an event `document.changed` is about."""
    return events_pb2.DocumentChanged.FromString(payload).document.id


def change_to_proto(cursor: str, change: Change) -> document_service_pb2.WatchDocumentsResponse:
    """Write a change, or a heartbeat, with the cursor to resume after it."""
    answer = document_service_pb2.WatchDocumentsResponse(cursor=cursor)
    if change.document_id is not None:
        event = events_pb2.DocumentChanged.FromString(change.payload)
        answer.change = event.change
        answer.document.CopyFrom(event.document)
    return answer
