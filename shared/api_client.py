"""A small synchronous client for the halves' own HTTP APIs: what their commands use. Not for the hot path.

Every failure is a UserError that says what was asked of whom and what to do.
"""

import re
from typing import Any

import requests
from pydantic import SecretStr

from shared.errors import UserError

TIMEOUT_S = 30

_FITS_IN_HEADER = re.compile(r"[!-~]+")


class ApiClient:
    """Calls one server with one bearer token."""

    def __init__(self, base_url: str, token: SecretStr, *, server: str, start_hint: str) -> None:
        """`server` names it in sentences ("the relay"); `start_hint` says how a stopped one is started.

        Raises UserError for a token that no header can carry, as the library's own error would repeat it.
        """
        if not _FITS_IN_HEADER.fullmatch(token.get_secret_value()):
            raise UserError(f"the token holds characters that {server} cannot be sent: expected ASCII without spaces")
        self._base_url = base_url.rstrip("/")
        self._server = server
        self._start_hint = start_hint
        self._session = requests.Session()
        self._session.headers["Authorization"] = f"Bearer {token.get_secret_value()}"
        self._session.trust_env = False  # a proxy of the environment must not see the token

    def get(self, path: str, **query: Any) -> Any:
        """GET a JSON answer."""
        return self._call("GET", path, params=query)

    def post(self, path: str, body: dict[str, Any] | None = None, *, timeout_s: float = TIMEOUT_S) -> Any:
        """POST a JSON object; `timeout_s` for what is known to take its time."""
        return self._call("POST", path, timeout_s=timeout_s, json=body or {})

    def put(self, path: str, body: dict[str, Any] | None = None, *, timeout_s: float = TIMEOUT_S) -> Any:
        """PUT a JSON object; `timeout_s` for what is known to take its time."""
        return self._call("PUT", path, timeout_s=timeout_s, json=body or {})

    def patch(self, path: str, body: dict[str, Any]) -> Any:
        """PATCH with a JSON object."""
        return self._call("PATCH", path, json=body)

    def delete(self, path: str) -> Any:
        """DELETE."""
        return self._call("DELETE", path)

    def _call(self, method: str, path: str, *, timeout_s: float = TIMEOUT_S, **options: Any) -> Any:
        try:
            answer = self._session.request(
                method, self._base_url + path, timeout=timeout_s, allow_redirects=False, **options
            )
        except requests.ConnectionError:
            raise UserError(f"{self._server} does not answer at {self._base_url}. {self._start_hint}") from None
        except requests.Timeout:
            raise UserError(f"{self._server} at {self._base_url} did not answer within {timeout_s:.0f} s") from None
        except requests.RequestException as error:
            raise UserError(f"{self._server} cannot be asked at {self._base_url}: {error}") from None
        if answer.status_code == requests.codes.no_content:
            return None
        if answer.ok and not answer.is_redirect:
            return self._decode(answer)
        raise UserError(self._refusal(answer))

    def _decode(self, answer: requests.Response) -> Any:
        try:
            return answer.json()
        except requests.JSONDecodeError:
            raise UserError(
                f"what answers at {self._base_url} is not {self._server} (no JSON); check address and port"
            ) from None

    def _refusal(self, answer: requests.Response) -> str:
        try:
            message = str(answer.json()["error"]["message"])
        except (requests.JSONDecodeError, KeyError, TypeError):
            message = f"{self._server} at {self._base_url} answered with status {answer.status_code}"
        if answer.status_code == requests.codes.unauthorized:
            return (
                f"{self._server} at {self._base_url} does not accept this token: is it the token of that very server?"
            )
        return message
