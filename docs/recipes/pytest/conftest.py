"""Fixtures: one mock for the session, and an account of its own for each test.

With pytest-xdist each worker has a mock of its own, on a free port.
"""

import json
import os
import subprocess
from types import SimpleNamespace

import pytest
import requests


@pytest.fixture(scope="session")
def bandwidth_mock():
    """What the mock announces; under `bandwidth-mock variants`, only the adminUrl of its mock."""
    if "BANDWIDTH_MOCK_ADMIN_URL" in os.environ:
        yield {"adminUrl": os.environ["BANDWIDTH_MOCK_ADMIN_URL"]}
        return
    program = os.environ.get("BANDWIDTH_MOCK", "bandwidth-mock")
    # It ends when its standard input closes, so also when pytest is killed.
    arguments = [program, "--listen", ":0", "--announce", "json", "--until-stdin-closes"]
    pipe = subprocess.PIPE
    with subprocess.Popen(arguments, stdin=pipe, stdout=pipe, text=True) as mock:
        line = mock.stdout.readline()
        assert line, "bandwidth-mock did not start; it says why on stderr"
        yield json.loads(line)


@pytest.fixture
def bandwidth(bandwidth_mock):
    """An account: account_id, auth (a name and a password), users (a URL), fault()."""
    accounts = f"{bandwidth_mock['adminUrl']}/accounts"
    made = requests.post(accounts, json={}).json()
    account_id = made["accountId"]

    def fault(**rule):
        rule["accountId"] = account_id
        requests.post(f"{bandwidth_mock['adminUrl']}/faults", json=rule).raise_for_status()

    yield SimpleNamespace(
        account_id=account_id,
        auth=(made["username"], made["password"]),
        users=f"{made['baseUrl']}/accounts/{account_id}/users",
        fault=fault,
    )
    requests.delete(f"{accounts}/{account_id}")
