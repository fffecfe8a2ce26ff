"""Getting a model that comes with no package: from an address or a path that its user names.

Nothing else is trusted but the manifest's hash, so a mirror, a share or a stick will do. What was
received of a cut download stays beside the models under the hash's name, and is continued.
"""

import fcntl
import hashlib
import os
import shutil
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http import HTTPStatus
from http.client import HTTPException
from io import BufferedRandom
from pathlib import Path
from typing import Final

from hubkit.core.errors import Busy, InvalidArgument, NotFound
from ocr_service.domain.errors import Unavailable
from ocr_service.engine.models import Model, verify

CHUNK_BYTES: Final = 1 << 18
WAIT_S: Final = 30.0
"""For an answer, and for each further piece of it."""
ATTEMPTS: Final = 3
"""In a row that bring nothing new, before a person is asked to come back."""

Progress = Callable[[int], None]
"""Is told how many bytes of the model are there."""


def pull(model: Model, source: str, progress: Progress = lambda _: None) -> bool:
    """Put a model where it is looked for, whole and proven or not at all.

    Args:
        model: One that `is_pulled`.
        source: An http(s) address or a path, of the file or of the folder that holds it.
        progress: Told of each piece.

    Returns:
        Whether it had to be fetched; False where it was there already.

    Raises:
        InvalidArgument: What the source gives is not this model, or the source makes no sense.
        NotFound: The source has no such file.
        Unavailable: The source does not answer, or the connection broke; what came is kept.
        Busy: Somebody else is pulling the model.
    """
    if not model.is_pulled:
        raise InvalidArgument(f"{model.name} comes with the installed packages", field="name")
    if model.is_there:
        try:
            verify(model)
        except Unavailable:
            pass  # damaged: fetched again
        else:
            return False
    with _part(model) as part:
        if "://" in source:
            _download(model, _address(model, source), part, progress)
        else:
            _copy(model, Path(source), part)
        _check(model, part)
        os.fsync(part.fileno())
        Path(part.name).replace(model.path)
    return True


@contextmanager
def _part(model: Model) -> Iterator[BufferedRandom]:
    """Open what there is of a model, for one process alone; what proves useless is removed."""
    try:
        model.path.parent.mkdir(parents=True, exist_ok=True)
        part = (model.path.parent / f".{model.sha256[:16]}.part").open("ab+")
    except OSError as exc:
        raise InvalidArgument(
            f"{model.path.parent} cannot be written to: {exc.strerror}", field="folder"
        ) from exc
    with part:
        try:
            fcntl.flock(part, fcntl.LOCK_EX | fcntl.LOCK_NB)
            Path(part.name).stat()  # missing where another command has just ended with it
        except (BlockingIOError, FileNotFoundError) as exc:
            raise Busy(f"{model.name} is being pulled by another command") from exc
        yield part


def _copy(model: Model, source: Path, part: BufferedRandom) -> None:
    path = source / model.path.name if source.is_dir() else source
    try:
        with path.open("rb") as file:
            _restart(part)
            shutil.copyfileobj(file, part, CHUNK_BYTES)
    except FileNotFoundError as exc:
        raise NotFound(f"there is no {path}", field="from") from exc
    except OSError as exc:
        raise InvalidArgument(f"{path} cannot be read: {exc.strerror}", field="from") from exc


def _address(model: Model, source: str) -> str:
    if not source.startswith(("http://", "https://")):
        raise InvalidArgument("models are pulled from http, https or a path", field="from")
    return source if source.endswith(".onnx") else f"{source.rstrip('/')}/{model.path.name}"


def _download(model: Model, address: str, part: BufferedRandom, progress: Progress) -> None:
    """Ask for what is missing until all is there."""
    failures = 0
    while (have := _size(part)) < model.size_bytes:
        progress(have)
        try:
            _receive(model, address, part, progress)
        except urllib.error.HTTPError as exc:
            raise _refused(exc) from exc
        except (OSError, HTTPException) as exc:
            failures = 0 if _size(part) > have else failures + 1
            if failures == ATTEMPTS:
                raise _broken(model, _size(part)) from exc
        else:
            failures = 0 if _size(part) > have else failures + 1
            if failures == ATTEMPTS:
                raise _broken(model, _size(part))
    progress(model.size_bytes)


def _receive(model: Model, address: str, part: BufferedRandom, progress: Progress) -> None:
    """Append what one answer brings, or begin anew where the source gives no parts of files."""
    have = _size(part)
    request = urllib.request.Request(  # noqa: S310  http and https alone, see _address
        address, headers={"Range": f"bytes={have}-"} if have else {}
    )
    with urllib.request.urlopen(request, timeout=WAIT_S) as answer:  # noqa: S310  see above
        begins = f"bytes {have}-"
        if have and not (
            answer.status == HTTPStatus.PARTIAL_CONTENT
            and answer.headers.get("Content-Range", "").startswith(begins)
        ):
            _restart(part)
        while chunk := answer.read(CHUNK_BYTES):
            part.write(chunk)
            if _size(part) > model.size_bytes:
                _restart(part)
                raise InvalidArgument(
                    f"the source gives more than the {model.size_bytes} bytes of {model.name}",
                    field="from",
                )
            progress(_size(part))


def _refused(error: urllib.error.HTTPError) -> NotFound | InvalidArgument | Unavailable:
    if error.code in (HTTPStatus.NOT_FOUND, HTTPStatus.GONE):
        return NotFound(f"the source has no such file (status {error.code})", field="from")
    if error.code < HTTPStatus.INTERNAL_SERVER_ERROR:
        return InvalidArgument(f"the source refuses the file (status {error.code})", field="from")
    return Unavailable(f"the source has a fault (status {error.code}); try again later")


def _broken(model: Model, have: int) -> Unavailable:
    return Unavailable(
        f"the source does not answer, or breaks off: {have} of {model.size_bytes} bytes of"
        f" {model.name} are here; the same command goes on from there"
    )


def _check(model: Model, part: BufferedRandom) -> None:
    """Hash what came; what is wrong goes, since no part of it can be told from the rest."""
    part.flush()
    size = _size(part)
    part.seek(0)
    found = hashlib.file_digest(part, "sha256").hexdigest()
    if (size, found) != (model.size_bytes, model.sha256):
        _restart(part)
        raise InvalidArgument(
            f"the source's file is not {model.name}: it has {size} bytes and sha-256 {found},"
            f" the manifest names {model.size_bytes} and {model.sha256}",
            field="from",
        )


def _restart(part: BufferedRandom) -> None:
    part.seek(0)
    part.truncate()


def _size(part: BufferedRandom) -> int:
    part.flush()
    return os.fstat(part.fileno()).st_size
