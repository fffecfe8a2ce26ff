"""Logs: one JSON object a line on standard error, without secrets or text of documents.

Text of a document can stand in any exception's message, so an unexpected failure is logged by its
type and the lines of code it came through, never by what it says.
"""

import logging
import sys
import traceback
from collections.abc import Mapping, MutableMapping
from functools import lru_cache
from typing import Any, Final

import structlog

_SECRET_WORDS: Final = ("password", "secret", "token", "authorization", "cookie", "dsn", "api_key")
_LOUD: Final = logging.WARNING
"""Least level at which other people's libraries are heard."""
_FRAMES: Final = 25

Event = MutableMapping[str, Any]


def configure_logs(service: str, level: str = "INFO") -> None:
    """Send this process's logs to standard error; call once, first of all."""
    shared: list[structlog.typing.Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.processors.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True, key="time"),
        _naming(service),
        _failure_by_type,
        _without_secrets,
    ]
    structlog.configure(
        processors=[*shared, structlog.processors.JSONRenderer(ensure_ascii=False)],
        wrapper_class=structlog.make_filtering_bound_logger(level),
        logger_factory=structlog.WriteLoggerFactory(sys.stderr),
        cache_logger_on_first_use=True,
    )
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=[structlog.stdlib.add_logger_name, *shared],
            processors=[
                structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                structlog.processors.JSONRenderer(ensure_ascii=False),
            ],
        )
    )
    logging.basicConfig(handlers=[handler], level=_LOUD, force=True)


def failure_facts(error: BaseException) -> dict[str, object]:
    """Give what may be logged of an unexpected failure: its type, causes and lines of code."""
    frames = traceback.extract_tb(error.__traceback__)[-_FRAMES:]
    facts: dict[str, object] = {
        "error_type": type(error).__qualname__,
        "frames": [f"{frame.filename}:{frame.lineno} {frame.name}" for frame in frames],
    }
    cause = error.__cause__ or error.__context__
    if cause is not None:
        facts["cause"] = failure_facts(cause)
    if isinstance(error, BaseExceptionGroup):
        facts["errors"] = [failure_facts(inner) for inner in error.exceptions]
    return facts


def _naming(service: str) -> structlog.typing.Processor:
    def name(_logger: object, _method: str, event: Event) -> Event:
        event["service"] = service
        return event

    return name


def _failure_by_type(_logger: object, _method: str, event: Event) -> Event:
    failure = event.pop("exc_info", None)
    if failure is True:
        failure = sys.exc_info()
    if isinstance(failure, tuple):
        failure = failure[1]
    if isinstance(failure, BaseException):
        event.update(failure_facts(failure))
    return event


def _without_secrets(_logger: object, _method: str, event: Event) -> Event:
    return {key: _hidden(key, value) for key, value in event.items()}


def _hidden(key: str, value: object) -> object:
    if _is_secret(key):
        return "***"
    if isinstance(value, Mapping):
        return {inner: _hidden(str(inner), content) for inner, content in value.items()}
    return value


@lru_cache(maxsize=1024)
def _is_secret(key: str) -> bool:
    # Remembered: each call's line asks for the same dozen keys.
    return any(word in key.lower() for word in _SECRET_WORDS)
