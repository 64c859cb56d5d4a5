"""The client against a mock of its own."""

import json
import os
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.request
from base64 import b64encode
from collections.abc import Generator
from datetime import timedelta
from pathlib import Path
from typing import Optional

import pytest

from bandwidth_mock import Account, Error, Mock

ANNA = {
    "Username": "asmith",
    "FirstName": "Anna",
    "LastName": "Smith",
    "Email": "asmith@example.com",
    "Password": "Teal-Wagon.47",
}


@pytest.fixture(scope="module")
def mock() -> Generator[Mock, None, None]:
    with Mock.start() as mock:
        yield mock


def send(account: Account, method: str = "GET", body: Optional[object] = None, path: str = "") -> int:
    login = b64encode(":".join(account.auth).encode()).decode()
    headers = {"Authorization": f"Basic {login}", "Content-Type": "application/json"}
    data = None if body is None else json.dumps(body).encode()
    request = urllib.request.Request(account.users_url + path, data, headers, method=method)
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    try:
        with opener.open(request) as response:
            return int(response.status)
    except urllib.error.HTTPError as error:
        return error.code


def test_accounts_are_apart(mock: Mock) -> None:
    with mock.account() as one, mock.account(seed="demo") as other:
        assert send(one, "POST", ANNA) == 201
        assert send(one, "POST", ANNA) == 409
        assert send(other, "POST", ANNA) == 201
        assert (one.count("create_user"), one.count("create_user", status=409)) == (2, 1)
        assert other.count("create_user") == 1
        assert (one.view()["users"], other.view()["users"]) == (1, 2)


def test_the_journal_says_why(mock: Mock) -> None:
    with mock.account() as account:
        send(account, "POST", {**ANNA, "Password": "Tiny.1"})
        send(account)
        [created] = account.journal(operation="create_user")
        assert created["status"] == 400 and created["why"]["refusal"] is not None
        assert "Tiny.1" not in json.dumps(created)
        assert [entry["operation"] for entry in account.journal()] == ["create_user", "list_users"]
        assert [entry["operation"] for entry in account.journal(limit=1)] == ["list_users"]


@pytest.mark.parametrize("rule", [
    "status=503,times=1",
    'times=1,status=503,body={"a":1,"b":2}',
    {"status": 503, "times": 1},
])
def test_a_fault_meets_one_account(mock: Mock, rule: "dict[str, int] | str") -> None:
    with mock.account() as account, mock.account() as other:
        armed = account.fault(rule)
        assert (send(other), send(account), send(account)) == (200, 503, 200)
        [fault] = account.faults()
        assert (fault["id"], fault["hits"], other.faults()) == (armed, 1, [])
        [retry] = account.retries()
        assert retry["outcome"] == "recovered"
        account.disarm(armed)
        assert account.faults() == []
        other.disarm()


def test_options_of_an_account(mock: Mock, tmp_path: Path) -> None:
    made = {"delete.status": 204}
    with mock.account(profile="guide", set=made, rate_limit="3/1m", faults=["status=500,times=1"]) as account:
        assert send(account) == 500
        assert send(account, "POST", ANNA) == 201
        assert send(account, "DELETE", path="/u1") == 204
        assert send(account) == 200
        assert send(account) == 429
        account.clock.advance(timedelta(minutes=1))
        assert send(account) == 200
        assert account.set({"delete.status": 200})["behaviours"]["delete.status"]["option"] == "200"
    file = tmp_path / "own.toml"
    file.write_text('format = 1\nname = "own"\nbase = "published"\n')
    with mock.account(profile=file, set=made) as account:
        assert account.profile()["behaviours"]["delete.status"]["option"] == "204"
        assert account.profile()["behaviours"]["surface.account"]["option"] == "list_only"
    with pytest.raises(Error, match="the profile absent.toml cannot be read: No such file"):
        mock.account(profile="absent.toml")
    with pytest.raises(Error, match="unknown behaviour"):
        mock.account(set={"put.semantic": "merge"})


def test_clocks(mock: Mock) -> None:
    with mock.account(clock="2026-12-01T23:59:00Z") as account, mock.account() as other:
        account.clock.freeze()
        before = account.clock.now()
        account.clock.advance(61.5)
        after = account.clock.now()
        assert after - before == timedelta(seconds=61.5)
        assert (after.date().isoformat(), account.clock.now()) == ("2026-12-02", after)
        assert other.clock.now() != after
        account.clock.resume()
        account.clock.advance(timedelta(days=1))
        assert account.clock.now() > after + timedelta(days=1)


def test_an_account_may_be_gone_before_its_end(mock: Mock) -> None:
    with mock.account() as account:
        account.delete()


def test_a_secret_is_not_shown(mock: Mock) -> None:
    with mock.account() as account:
        assert account.auth[1] not in repr(account)
        assert account.client_secret not in repr(account)
        assert account.token_url.startswith(account.base_url)


def test_a_count_of_an_incomplete_journal_is_refused() -> None:
    with Mock.start("--journal-entries", "2") as mock, mock.account() as account:
        for _ in range(3):
            send(account)
        with pytest.raises(Error, match="no longer keeps 1 of its requests"):
            account.count("list_users")


def test_joined_mocks_go_on(mock: Mock, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BANDWIDTH_MOCK_ADMIN_URL", mock.admin_url)
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:9")
    with Mock.join_or_start() as joined:
        assert joined.admin_url == mock.admin_url
    assert mock.version()


def test_a_token_opens_the_control_api(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BANDWIDTH_MOCK_ADMIN_TOKEN", "open-sesame")
    with Mock.start() as mock:
        assert mock.account().view()["users"] == 0
        monkeypatch.delenv("BANDWIDTH_MOCK_ADMIN_TOKEN")
        with pytest.raises(Error, match="Authorization: Bearer"):
            Mock.join(mock.admin_url).account()


def test_what_cannot_start_says_why(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    with pytest.raises(Error, match="did not start: error: .*gide"):
        Mock.start("--profile", "gide")
    monkeypatch.setenv("BANDWIDTH_MOCK", str(tmp_path / "absent"))
    with pytest.raises(Error, match="BANDWIDTH_MOCK names .*absent, which is not a program"):
        Mock.start()
    with pytest.raises(Error, match="cannot be reached: .*refused"):
        Mock.join("http://127.0.0.1:9/__admin").version()


def test_the_mock_ends_with_its_parent() -> None:
    script = "import time; from bandwidth_mock import Mock; m = Mock.start(); print(m.admin_url, flush=True); time.sleep(60)"
    with subprocess.Popen([sys.executable, "-c", script], stdout=subprocess.PIPE, text=True) as parent:
        assert parent.stdout is not None
        mock = Mock.join(parent.stdout.readline().strip())
        assert mock.version()
        os.kill(parent.pid, signal.SIGKILL)
    for _ in range(100):
        try:
            mock.version()
        except Error:
            return
        time.sleep(0.05)
    pytest.fail("the mock outlives its parent")
