"""The clock of the mock, and that of an account."""

from datetime import timedelta
from typing import Union, cast

from ._admin import Admin
from .types import ClockView


class Clock:
    """Rate limits, lockouts, tokens and the life of faults follow it. Delays of faults do not."""

    def __init__(self, admin: Admin, path: str) -> None:
        self._admin = admin
        self._path = path

    def view(self) -> ClockView:
        """What it shows, and whether it stands still."""
        return cast(ClockView, self._admin.get(self._path))

    def freeze(self) -> ClockView:
        """Stop it."""
        return self._do({"action": "freeze"})

    def advance(self, by: Union[float, timedelta]) -> ClockView:
        """Move it forward by so many seconds, or by a `timedelta`."""
        seconds = by.total_seconds() if isinstance(by, timedelta) else by
        return self._do({"action": "advance", "ms": round(seconds * 1000)})

    def resume(self) -> ClockView:
        """Let it run again."""
        return self._do({"action": "resume"})

    def _do(self, request: dict[str, object]) -> ClockView:
        return cast(ClockView, self._admin.post(self._path, request))
