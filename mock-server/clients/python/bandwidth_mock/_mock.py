"""A running mock: one that this process started, or one that was there already."""

import json
import os
import subprocess
import tempfile
import threading
from collections.abc import Iterable, Mapping
from pathlib import Path
from types import TracebackType
from typing import IO, Any, Optional, Union

from ._account import Account, FaultRule, profile_request
from ._admin import Admin
from ._clock import Clock
from ._error import Error
from ._programs import find_mock

_SECONDS_TO_START = 30
_SECONDS_TO_STOP = 10


class Mock:
    """The control API of a mock. `with` stops a mock that this process started."""

    def __init__(self, admin_url: str, process: "Optional[subprocess.Popen[str]]" = None) -> None:
        self._admin = Admin(admin_url, os.environ.get("BANDWIDTH_MOCK_ADMIN_TOKEN"))
        self._process = process
        #: The clock of the mock and of all its accounts. Tests that run side by side share it.
        self.clock = Clock(self._admin, "clock")

    @classmethod
    def start(cls, *arguments: str, program: Optional[str] = None) -> "Mock":
        """Start a mock on a free port, with the arguments of `bandwidth-mock serve`.

        It ends with `stop`, and when this process ends, also by a signal.
        """
        program = program or find_mock()
        command = [program, *arguments, "--listen", ":0", "--announce", "json", "--until-stdin-closes"]
        # A file, since a pipe that is full would stop the mock.
        with tempfile.TemporaryFile("w+") as log:
            process = _spawn(command, log)
            announced = _first_line(process)
            if not announced:
                process.wait()
                log.seek(0)
                said = log.read().strip() or f"it said nothing for {_SECONDS_TO_START} s"
                raise Error(f"{program} did not start: {said}")
        return cls(json.loads(announced)["adminUrl"], process)

    @classmethod
    def join(cls, admin_url: str) -> "Mock":
        """Use a mock that runs already. `BANDWIDTH_MOCK_ADMIN_TOKEN` opens it, if it needs a token."""
        return cls(admin_url)

    @classmethod
    def join_or_start(cls) -> "Mock":
        """Join the mock of `BANDWIDTH_MOCK_ADMIN_URL`, as below `bandwidth-mock variants`, or start one."""
        admin_url = os.environ.get("BANDWIDTH_MOCK_ADMIN_URL")
        return cls.join(admin_url) if admin_url else cls.start()

    @property
    def admin_url(self) -> str:
        return self._admin.url

    def __repr__(self) -> str:
        return f"<Mock {self.admin_url}>"

    def account(
        self,
        *,
        profile: Union[None, str, Path] = None,
        set: Optional[Mapping[str, Any]] = None,
        seed: Union[None, str, Mapping[str, Any]] = None,
        rate_limit: Optional[str] = None,
        faults: Iterable[FaultRule] = (),
        clock: Optional[str] = None,
        account_id: Optional[str] = None,
        domain_name: Optional[str] = None,
    ) -> Account:
        """Make an account for one test.

        profile: `guide`, `published`, or a profile file that ends in `.toml`. Default: the mock's.
        set: options on top of it, for example `{"delete.status": 204}`.
        seed: `demo`, `empty`, `published`, or a mapping as in a seed file. Default: roles, no users.
        rate_limit: for example `100/1m,burst=20`.
        clock: when its clock starts, for example `2026-12-02T00:00:00Z`.
        """
        request = {
            "accountId": account_id,
            "domainName": domain_name,
            "profile": profile_request(profile, set),
            "seed": seed,
            "rateLimit": rate_limit,
            "faults": list(faults),
            "clock": clock,
        }
        return Account(self._admin, self._admin.post("accounts", request))

    def version(self) -> str:
        return str(self._admin.get("version")["version"])

    def reset(self) -> None:
        """Everything as it was at the start. Accounts that tests made are gone."""
        self._admin.post("reset", {})

    def stop(self) -> None:
        """Stop a mock that this process started. One that was joined goes on."""
        process, self._process = self._process, None
        if process is None:
            return
        assert process.stdin is not None and process.stdout is not None
        process.stdin.close()
        try:
            process.wait(_SECONDS_TO_STOP)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        process.stdout.close()

    def __enter__(self) -> "Mock":
        return self

    def __exit__(
        self,
        kind: Optional[type[BaseException]],
        error: Optional[BaseException],
        trace: Optional[TracebackType],
    ) -> None:
        self.stop()


def _spawn(command: list[str], log: IO[str]) -> "subprocess.Popen[str]":
    pipe = subprocess.PIPE
    try:
        # In a session of its own: Ctrl-C ends the tests first, and the mock when they are through.
        return subprocess.Popen(command, stdin=pipe, stdout=pipe, stderr=log, text=True, start_new_session=True)
    except OSError as error:
        raise Error(f"{command[0]} cannot be run: {error.strerror}") from None


def _first_line(process: "subprocess.Popen[str]") -> str:
    """The announcement of the mock; empty if it ended first, or took too long and was stopped."""
    assert process.stdout is not None
    limit = threading.Timer(_SECONDS_TO_START, process.kill)
    limit.start()
    try:
        return process.stdout.readline()
    finally:
        limit.cancel()
