"""What an answer to a question of ours says: an object, or why there is none. No HTTP."""

from onsite.core.errors import FacebookError
from onsite.core.facebook.send import sentence_of
from shared.graph import decode_error, diagnose
from shared.lenient import JsonObject, decode_object


def check_answer(body: bytes) -> None:
    """Raise FacebookError when it is Facebook's way of saying no."""
    if error := decode_error(body):
        diagnosis = diagnose(error)
        raise FacebookError(sentence_of(error, diagnosis), diagnosis.trouble)


def read_answer(status: int, body: bytes) -> JsonObject:
    """Return what Facebook answered. Raises FacebookError."""
    check_answer(body)
    try:
        answer = decode_object(body)
    except ValueError:
        answer = {}
    if not answer or not 200 <= status < 300:  # noqa: PLR2004  the success statuses of HTTP
        raise FacebookError(f"Facebook's answer (status {status}) cannot be read.")
    return answer
