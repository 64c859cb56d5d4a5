"""The plugin in a pytest of its own, without what this one has in its environment."""

import signal
import subprocess
import sys
from functools import partial

import pytest

from bandwidth_mock import Mock

PREAMBLE = """
import base64, urllib.error, urllib.request

import pytest


def send(account, method="GET", path=""):
    login = base64.b64encode(":".join(account.auth).encode()).decode()
    request = urllib.request.Request(account.users_url + path, None, {"Authorization": f"Basic {login}"}, method=method)
    try:
        return urllib.request.build_opener(urllib.request.ProxyHandler({})).open(request).status
    except urllib.error.HTTPError as error:
        return error.code
"""


@pytest.fixture(autouse=True)
def alone(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("BANDWIDTH_MOCK_ADMIN_URL", raising=False)
    # Not the coordinates of the xdist that runs this.
    for variable in ("PYTEST_XDIST_WORKER", "PYTEST_XDIST_WORKER_COUNT", "PYTEST_XDIST_TESTRUNUID"):
        monkeypatch.delenv(variable, raising=False)


def run(pytester: pytest.Pytester, tests: str, *arguments: str) -> pytest.RunResult:
    pytester.makepyfile(PREAMBLE + tests)
    return pytester.runpytest_subprocess("-p", "no:cacheprovider", *arguments)


@pytest.mark.parametrize("arguments", [[], ["-n", "2"]])
def test_each_test_has_an_account(pytester: pytest.Pytester, arguments: "list[str]") -> None:
    tests = """
@pytest.mark.bandwidth(seed="demo")
@pytest.mark.parametrize("attempt", range(4))
def test_delete(bandwidth_account, attempt):
    assert send(bandwidth_account, "DELETE", "/u1") == 200
    assert bandwidth_account.count() == 1
"""
    run(pytester, tests, *arguments).assert_outcomes(passed=4)


def test_options_come_from_the_nearest_place(pytester: pytest.Pytester) -> None:
    pytester.makeini("""
[pytest]
bandwidth_seed = demo
bandwidth_rate_limit = 1/1m
bandwidth_faults = status=500,times=1
bandwidth_set =
    put.semantics=merge
    delete.status=204
""")
    tests = """
pytestmark = pytest.mark.bandwidth(set={"delete.status": "404"}, faults=[])


def option(account, behaviour):
    return account.profile()["behaviours"][behaviour]["option"]


@pytest.mark.bandwidth(profile="guide", set={"delete.status": 200}, clock="2030-01-31T12:00:00Z")
def test_marked(bandwidth_account):
    assert option(bandwidth_account, "delete.status") == "200"
    assert option(bandwidth_account, "put.semantics") == "merge"
    assert bandwidth_account.clock.now().date().isoformat() == "2030-01-31"
    assert (send(bandwidth_account), send(bandwidth_account)) == (200, 429)


@pytest.mark.bandwidth(set={"delete.status": 204}, faults=["status=503,times=1"], rate_limit="9/1m")
class TestClass:
    def test_of_a_class(self, bandwidth_account):
        assert option(bandwidth_account, "delete.status") == "204"
        assert (send(bandwidth_account), send(bandwidth_account)) == (503, 200)
"""
    run(pytester, tests, "--strict-markers").assert_outcomes(passed=2)


def test_a_failure_shows_the_journal(pytester: pytest.Pytester) -> None:
    tests = """
@pytest.mark.bandwidth(seed="demo")
def test_fails(bandwidth_account):
    send(bandwidth_account, "DELETE", "/u9")
    assert bandwidth_account.count("list_users") == 1


def test_passes(bandwidth_account):
    send(bandwidth_account)
"""
    result = run(pytester, tests, "-n", "1")
    result.assert_outcomes(passed=1, failed=1)
    result.stdout.fnmatch_lines([
        "*- bandwidth journal of account 9* -*",
        "1  DELETE /api/accounts/9*/users/u9  404  delete_user",
        "    refused   unknown_user (userId): There is no such user.",
        "    sent      no body",
        "    received  <?xml*",
    ])
    result.stdout.no_fnmatch_line("*list_users*200*")


@pytest.mark.parametrize(("mark", "error"), [
    ("sed='demo'", "pytest.mark.bandwidth takes profile, seed, rate_limit, clock, faults, set, not sed"),
    ("seed='dem'", "*POST http*/accounts: *dem*"),
])
def test_a_wrong_option_is_one_line(pytester: pytest.Pytester, mark: str, error: str) -> None:
    tests = f"""
@pytest.mark.bandwidth({mark})
def test_it(bandwidth_account):
    pass
"""
    result = run(pytester, tests)
    result.assert_outcomes(errors=1)
    result.stdout.fnmatch_lines([error])
    result.stdout.no_fnmatch_line("*Traceback*")


def test_a_missing_program_is_one_line(pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BANDWIDTH_MOCK", "/absent/bandwidth-mock")
    result = run(pytester, "def test_it(bandwidth_account): pass", "-q")
    result.assert_outcomes(errors=1)
    result.stdout.fnmatch_lines(["BANDWIDTH_MOCK names /absent/bandwidth-mock, which is not a program"])
    result.stdout.no_fnmatch_line("*Traceback*")
    result.stdout.no_fnmatch_line("*another exception*")


def test_ctrl_c_ends_the_tests_before_the_mock(pytester: pytest.Pytester) -> None:
    pytester.makepyfile("""
import os, signal, time


def test_it(bandwidth_account):
    os.killpg(0, signal.SIGINT)
    time.sleep(60)
""")
    command = [sys.executable, "-m", "pytest", "-p", "no:cacheprovider"]
    # A shell starts what runs in the background with this signal ignored, and Python leaves it so.
    default = partial(signal.signal, signal.SIGINT, signal.SIG_DFL)
    ended = subprocess.run(command, start_new_session=True, capture_output=True, text=True, preexec_fn=default)
    assert ended.returncode == pytest.ExitCode.INTERRUPTED
    assert "KeyboardInterrupt" in ended.stdout
    assert "cannot be reached" not in ended.stdout + ended.stderr


def test_a_mock_of_the_environment_is_joined(pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> None:
    with Mock.start("--set", "delete.status=204") as mock:
        monkeypatch.setenv("BANDWIDTH_MOCK_ADMIN_URL", mock.admin_url)
        monkeypatch.setenv("BANDWIDTH_MOCK", "/absent/bandwidth-mock")
        tests = """
@pytest.mark.bandwidth(seed="demo")
@pytest.mark.parametrize("attempt", range(4))
def test_delete(bandwidth_account, attempt):
    assert send(bandwidth_account, "DELETE", "/u1") == 204
"""
        run(pytester, tests, "-n", "2").assert_outcomes(passed=4)
        assert mock.version()
