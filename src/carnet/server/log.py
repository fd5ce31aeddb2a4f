"""The server's log: one JSON object per line on standard error."""

from __future__ import annotations

import json
import logging
from datetime import UTC, datetime
from typing import Any

from carnet.base.printable import printable


class JsonFormatter(logging.Formatter):
    """Time, level, logger, message, and the traceback if there is one; control characters are escaped."""

    def format(self, record: logging.LogRecord) -> str:
        line = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": record.getMessage(),
        }
        if record.exc_info:
            line["traceback"] = self.formatException(record.exc_info)
        return json.dumps(line)


class TextFormatter(logging.Formatter):
    """`12:00:05Z warning  message`, and the traceback if there is one; control characters of messages are escaped."""

    def format(self, record: logging.LogRecord) -> str:
        time = datetime.fromtimestamp(record.created, UTC)
        line = f"{time:%H:%M:%S}Z  {record.levelname.lower()}  {printable(record.getMessage())}"
        return f"{line}\n{self.formatException(record.exc_info)}" if record.exc_info else line


def logging_as(form: str) -> dict[str, Any]:
    """The configuration of logging; `form` is `text` or `json`."""
    formatter = TextFormatter if form == "text" else JsonFormatter
    return LOGGING | {"formatters": {"json": {"()": formatter}}}


LOGGING: dict[str, Any] = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"json": {"()": JsonFormatter}},
    "handlers": {"stderr": {"class": "logging.StreamHandler", "formatter": "json", "stream": "ext://sys.stderr"}},
    "root": {"handlers": ["stderr"], "level": "INFO"},
    "loggers": {"uvicorn": {"level": "WARNING"}, "alembic": {"level": "WARNING"}},
}
