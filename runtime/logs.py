"""Structured logs: one event a line, JSON for machines, coloured text on a terminal."""

from __future__ import annotations

import logging
import sys
from typing import TYPE_CHECKING, Final, cast

import structlog

from runtime.settings import ServiceSettings

if TYPE_CHECKING:
    from structlog.typing import FilteringBoundLogger

# without local variables: they hold payloads, and passwords
TRACEBACK: Final = structlog.processors.ExceptionRenderer(
    structlog.tracebacks.ExceptionDictTransformer(show_locals=False)
)


def configure_logs(settings: ServiceSettings) -> None:
    """Send every log line of the process to standard error."""
    level = logging.getLevelNamesMapping()[settings.log_level.upper()]
    on_terminal = sys.stderr.isatty()
    as_text = settings.log_format == "console" or (settings.log_format == "auto" and on_terminal)
    renderer: structlog.typing.Processor = (
        structlog.dev.ConsoleRenderer(colors=on_terminal, exception_formatter=structlog.dev.plain_traceback)
        if as_text
        else structlog.processors.JSONRenderer()
    )
    shared: list[structlog.typing.Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.processors.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        *([] if as_text else [TRACEBACK]),
    ]
    structlog.configure(
        processors=[*shared, renderer],
        wrapper_class=structlog.make_filtering_bound_logger(level),
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
        cache_logger_on_first_use=False,
    )
    # what libraries say through the standard library's logging has the same form
    handler = logging.StreamHandler(sys.stderr)
    end = [structlog.stdlib.ProcessorFormatter.remove_processors_meta, renderer]
    foreign = [structlog.stdlib.add_logger_name, *shared]
    handler.setFormatter(structlog.stdlib.ProcessorFormatter(processors=end, foreign_pre_chain=foreign))
    logging.basicConfig(level=logging.ERROR, handlers=[handler], force=True)
    # aiokafka reports each reconnection attempt as an error of its own; our adapters say it once, with the remedy
    logging.getLogger("aiokafka").setLevel(logging.CRITICAL)


def logger(service: str) -> FilteringBoundLogger:
    """Return the logger of a service."""
    return cast("FilteringBoundLogger", structlog.get_logger(service=service))
