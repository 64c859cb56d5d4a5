"""The clock of the mock, and that of an account."""

from datetime import datetime, timedelta, timezone
from typing import Union

from ._admin import Admin


class Clock:
    """Rate limits, lockouts, tokens and the life of faults follow it. Delays of faults do not."""

    def __init__(self, admin: Admin, path: str) -> None:
        self._admin = admin
        self._path = path

    def now(self) -> datetime:
        """The current time, in UTC."""
        return datetime.fromtimestamp(self._admin.get(self._path)["epochSeconds"], timezone.utc)

    def freeze(self) -> None:
        """Stop it."""
        self._admin.post(self._path, {"action": "freeze"})

    def advance(self, by: Union[float, timedelta]) -> None:
        """Move it forward by so many seconds, or by a `timedelta`."""
        seconds = by.total_seconds() if isinstance(by, timedelta) else by
        self._admin.post(self._path, {"action": "advance", "ms": round(seconds * 1000)})

    def resume(self) -> None:
        """Let it run again."""
        self._admin.post(self._path, {"action": "resume"})
