"""An account of the mock that belongs to one test."""

from collections.abc import Mapping
from pathlib import Path
from types import TracebackType
from typing import Any, Optional, Union, cast

from ._admin import Admin
from ._clock import Clock
from ._error import Error
from .types import AccountView, Assumptions, FaultView, ProfileView, RecordedRequest, Sequence

#: The text of `--fault`, for example `status=503,times=1`, or its keys as a mapping.
FaultRule = Union[str, Mapping[str, Any]]


class Account:
    """Users, login, profile, faults, clock and journal of its own. `with` deletes it at the end."""

    def __init__(self, admin: Admin, made: Mapping[str, Any]) -> None:
        self._admin = admin
        self._path = f"accounts/{made['accountId']}"
        self.account_id: str = made["accountId"]
        self.domain_name: str = made["domainName"]
        #: Name and password of its login, as `requests` and `httpx` take them.
        self.auth: tuple[str, str] = (made["username"], made["password"])
        #: Its API credential, for tokens.
        self.client_id: str = made["clientId"]
        self.client_secret: str = made["clientSecret"]
        self.token_url: str = made["tokenUrl"]
        #: Base of the emulated API, for example `http://127.0.0.1:40123/api`.
        self.base_url: str = made["baseUrl"]
        #: Absolute, where users are listed and created.
        self.users_url = f"{self.base_url}/accounts/{self.account_id}/users"
        self.clock = Clock(admin, f"{self._path}/clock")

    def __repr__(self) -> str:
        return f"<Account {self.account_id} at {self.base_url}>"

    def fault(self, rule: FaultRule) -> int:
        """Let requests to this account fail. Returns the id of the fault."""
        if isinstance(rule, str):
            # In front: a `body` at the end takes the rest of the text.
            armed = self._admin.post("faults", f"accountId={self.account_id},{rule}")
        else:
            armed = self._admin.post("faults", {**rule, "accountId": self.account_id})
        return int(armed["id"])

    def faults(self) -> list[FaultView]:
        """Its faults, each with the number of requests that it was applied to."""
        every = cast(list[FaultView], self._admin.get("faults")["faults"])
        return [fault for fault in every if fault["rule"].get("accountId") == self.account_id]

    def disarm(self, fault: Optional[int] = None) -> None:
        """Take away one of its faults, or all of them."""
        self._admin.delete(f"faults?accountId={self.account_id}" if fault is None else f"faults/{fault}")

    def count(
        self,
        operation: Optional[str] = None,
        *,
        status: Optional[int] = None,
        method: Optional[str] = None,
        path: Optional[str] = None,
        body_contains: Optional[str] = None,
    ) -> int:
        """Number of requests that it received, for example `count("create_user", status=201)`."""
        pattern = {
            "accountId": self.account_id,
            "operation": operation,
            "status": status,
            "method": method,
            "path": path,
            "bodyContains": body_contains,
        }
        counted = self._admin.post("requests/count", pattern)
        self._complete(counted)
        return int(counted["count"])

    def journal(self, *, operation: Optional[str] = None, limit: Optional[int] = None) -> list[RecordedRequest]:
        """Its requests, each with the answer and the reason of it. `limit` takes the newest."""
        listed = self._admin.get("requests", accountId=self.account_id, operation=operation, limit=limit)
        if limit is None:
            self._complete(listed)
        return cast(list[RecordedRequest], listed["requests"])

    def retries(self) -> list[Sequence]:
        """Retries of its clients after a 429, a 5xx or a dropped response."""
        report = self._admin.get("retries", accountId=self.account_id)
        self._complete(report)
        return cast(list[Sequence], report["sequences"])

    def assumptions(self, fail_on: Optional[str] = None) -> Assumptions:
        """Which open questions its traffic relied on, and how each answer is known."""
        report = self._admin.get("assumptions", accountId=self.account_id, fail_on=fail_on)
        return cast(Assumptions, report)

    def profile(self) -> ProfileView:
        """How it behaves."""
        return cast(ProfileView, self._admin.get(f"{self._path}/profile"))

    def set(self, behaviours: Mapping[str, Any]) -> ProfileView:
        """Choose other options, for example `{"delete.status": 204}`."""
        return cast(ProfileView, self._admin.patch(f"{self._path}/profile", dict(behaviours)))

    def view(self) -> AccountView:
        """Its state: users, roles, failed logins and more."""
        return cast(AccountView, self._admin.get(self._path))

    def reset(self) -> None:
        """Everything as it was when the account was made."""
        self._admin.post(f"{self._path}/reset", {})

    def unlock(self) -> None:
        """Unlock its logins, as an administrator would."""
        self._admin.post(f"{self._path}/unlock", {})

    def delete(self) -> None:
        """End the account, with its users, faults and requests."""
        self._admin.delete(self._path)

    def __enter__(self) -> "Account":
        return self

    def __exit__(
        self,
        kind: Optional[type[BaseException]],
        error: Optional[BaseException],
        trace: Optional[TracebackType],
    ) -> None:
        try:
            self.delete()
        except Error as gone:
            # The test may have deleted it, or reset the mock.
            if gone.code != "not_found":
                raise

    def _complete(self, report: Mapping[str, Any]) -> None:
        if report["dropped"]:
            raise Error(
                f"the journal of account {self.account_id} no longer keeps {report['dropped']} of its requests; "
                "start the mock with a larger --journal-entries or --journal-bytes"
            )


def profile_request(profile: Union[None, str, Path], set: Optional[Mapping[str, Any]]) -> Optional[dict[str, Any]]:
    """A profile as the control API takes it: a built-in name or a file, and options on top."""
    request: dict[str, Any] = {}
    if profile is not None:
        if str(profile).endswith(".toml"):
            try:
                request["toml"] = Path(profile).read_text(encoding="utf-8")
            except OSError as error:
                raise Error(f"the profile {profile} cannot be read: {error.strerror}") from None
        else:
            request["profile"] = str(profile)
    if set:
        request["set"] = dict(set)
    return request or None
