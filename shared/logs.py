"""Logs of both halves: an event name and ids, never a message's text, never a secret.

On a terminal they are lines for people, elsewhere one JSON object a line. Whatever a library logs goes the same way.
The last step masks everything that looks like a secret, also inside tracebacks: a net below the rule, not the rule.
"""

import logging
import re
import sys
from typing import Any, TextIO

import structlog
from structlog.typing import EventDict, Processor, WrappedLogger

_MASK = "***"

_SECRET_KEYS = re.compile(r"(?i)(secret|token|password|authorization|master_key|proof|cookie)")
_SECRETS_IN_TEXT = re.compile(
    r"(?P<keep>"
    r"/bot[0-9]{6,19}:"  # Telegram: the token is part of the address
    r"|(?:access_token|appsecret_proof|client_secret|input_token|fb_exchange_token|hub\.verify_token|code)="
    r"|(?:(?<=[?&])state=|/facebook/connect/|__Host-connect-[A-Za-z0-9_-]*=)"  # a login in the browser
    r"|[Bb]earer\s+"
    r"|whsec_"
    r"|\b[0-9]{6,19}:(?=[A-Za-z0-9_-]{30,})"  # a bare Telegram token
    r"|\bEAA(?=[A-Za-z0-9]{20,})"  # a bare Graph token
    r")[^\s\"'&/<>\\]+"  # no backslash: a line of JSON must stay one where a quote is escaped
)
_PASSWORD_IN_URL = re.compile(r"(?P<keep>://[^\s\"'/@:]*:)[^\s\"'/@]+(?=@)")


def mask(text: str) -> str:
    """Replace what looks like a secret by stars."""
    stars = rf"\g<keep>{_MASK}"
    return _PASSWORD_IN_URL.sub(stars, _SECRETS_IN_TEXT.sub(stars, text))


def _mask_event(_logger: WrappedLogger, _method: str, event: EventDict) -> EventDict:
    for key, value in event.items():
        if _SECRET_KEYS.search(key) and not isinstance(value, int | float | None):
            event[key] = _MASK
        elif isinstance(value, str):
            event[key] = mask(value)
    return event


class _MaskingFormatter(structlog.stdlib.ProcessorFormatter):
    """Masks the finished line once more, as a traceback is only text by then."""

    def format(self, record: logging.LogRecord) -> str:
        return mask(super().format(record))


class _StrangersMistakes(logging.Filter):
    """What aiohttp's parser refuses is a stranger's mistake, and its error repeats what the stranger sent.

    Of it the kind is kept: no traceback, no error in the log for whoever can open a connection.
    """

    def filter(self, record: logging.LogRecord) -> bool:
        """Change the record; keep it in any case."""
        error = record.exc_info[1] if record.exc_info else None
        if type(error).__module__ == "aiohttp.http_exceptions":
            record.msg, record.args, record.exc_info = "request_not_readable %s", (type(error).__name__,), None
            record.levelno, record.levelname = logging.INFO, "INFO"
        return True


_STRANGERS_MISTAKES = _StrangersMistakes()


def configure_logs(*, level: str = "INFO", stream: TextIO | None = None, json: bool | None = None) -> None:
    """Send all logs of this process to `stream` (stderr), as JSON unless it is a terminal."""
    stream = stream or sys.stderr
    as_json = not stream.isatty() if json is None else json
    common: list[Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_logger_name,
        structlog.stdlib.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.processors.format_exc_info,
        _mask_event,
    ]
    structlog.configure(
        processors=[*common, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.make_filtering_bound_logger(logging.getLevelNamesMapping()[level.upper()]),
        cache_logger_on_first_use=True,
    )
    last: Processor = (
        structlog.processors.JSONRenderer() if as_json else structlog.dev.ConsoleRenderer(colors=stream.isatty())
    )
    handler = logging.StreamHandler(stream)
    handler.setFormatter(
        _MaskingFormatter(
            foreign_pre_chain=common, processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, last]
        )
    )
    root = logging.getLogger()
    root.handlers = [handler]
    root.setLevel(level.upper())
    logging.getLogger("aiohttp.server").addFilter(_STRANGERS_MISTAKES)  # the same one again adds nothing
    # Libraries that would log a line for each request or each idle look.
    for noisy in ("aiohttp.access", "rq.worker", "rq.scheduler", "rq.queue", "alembic", "asyncio", "urllib3"):
        logging.getLogger(noisy).setLevel(logging.WARNING)


def get_logger(name: str) -> Any:
    """Return a module's logger; its calls are `log.info("event_name", site=…)`."""
    return structlog.get_logger(name)
