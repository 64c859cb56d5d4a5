"""Requests to the control API."""

import json
from typing import Any, Optional
from urllib.error import HTTPError, URLError
from urllib.parse import urlencode
from urllib.request import ProxyHandler, Request, build_opener

from ._error import Error

_SECONDS = 30
# The mock is local: a proxy of the environment does not lead to it.
_OPENER = build_opener(ProxyHandler({}))


class Admin:
    """The control API at a URL such as `http://127.0.0.1:8080/__admin`."""

    def __init__(self, url: str, token: Optional[str]) -> None:
        self.url = url.rstrip("/")
        self._token = token

    def get(self, path: str, **query: Optional[object]) -> Any:
        given = {key: value for key, value in query.items() if value is not None}
        return self._send("GET", f"{path}?{urlencode(given)}" if given else path)

    def post(self, path: str, body: object) -> Any:
        return self._send("POST", path, body)

    def patch(self, path: str, body: object) -> Any:
        return self._send("PATCH", path, body)

    def delete(self, path: str) -> Any:
        return self._send("DELETE", path)

    def _send(self, method: str, path: str, body: object = None) -> Any:
        headers = {} if self._token is None else {"Authorization": f"Bearer {self._token}"}
        data = None
        if body is not None:
            data = json.dumps(body).encode()
            headers["Content-Type"] = "application/json"
        request = Request(f"{self.url}/{path}", data, headers, method=method)
        try:
            with _OPENER.open(request, timeout=_SECONDS) as response:
                text = response.read()
        except HTTPError as error:
            raise _refused(f"{method} {request.full_url}", error) from None
        except (URLError, OSError) as error:
            reason = getattr(error, "reason", error)
            raise Error(f"the mock at {self.url} cannot be reached: {reason}") from None
        return json.loads(text) if text else None


def _refused(request: str, error: HTTPError) -> Error:
    text = error.read().decode(errors="replace")
    try:
        body = json.loads(text)["error"]
        return Error(f"{request}: {body['message']}", body["code"])
    except (ValueError, KeyError, TypeError):
        return Error(f"{request}: status {error.code}, not from a mock's control API")
