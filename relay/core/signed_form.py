"""The form in which Meta posts a signed request: `signed_request=…`. Bytes in, text out.

Nothing of it is trusted: it is read only so far as to find the one field. What that says, `core.signed_request` judges.
The form of the data-deletion callback is Meta's documentation's; that the deauthorize callback's is the same is what
those who receive it report.
https://developers.facebook.com/docs/development/create-an-app/app-dashboard/data-deletion-callback
"""

from urllib.parse import parse_qsl

from relay.core.errors import MalformedBody
from relay.core.signed_request import MAX_CHARS

FIELD = "signed_request"
MAX_FORM_BYTES = 2 * MAX_CHARS
MAX_FIELDS = 16


def read_signed_form(body: bytes) -> str:
    """Return the signed request that a form carries. Raises MalformedBody."""
    try:
        fields = parse_qsl(body.decode("ascii"), keep_blank_values=True, max_num_fields=MAX_FIELDS)
    except ValueError:
        raise MalformedBody("the body is no form") from None
    found = [value for name, value in fields if name == FIELD]
    if len(found) != 1:  # of two, which one holds?
        raise MalformedBody(f"the form has {len(found) or 'no'} {FIELD} where one is expected")
    return found[0]
