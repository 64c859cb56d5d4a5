"""The fixtures `bandwidth_mock` and `bandwidth_account`, and the marker `bandwidth`."""

from collections.abc import Generator, Mapping
from contextlib import contextmanager
from typing import Any, Literal

import pytest

from ._account import Account
from ._error import Error
from ._mock import Mock
from .types import RecordedRequest

#: Options of the marker. Each has an ini option of the same name after `bandwidth_`.
_OPTIONS: dict[str, tuple[Literal["string", "linelist"], str]] = {
    "profile": ("string", "guide, published, or a profile file that ends in .toml"),
    "seed": ("string", "demo, empty or published"),
    "rate_limit": ("string", "requests in a time, for example 100/1m,burst=20"),
    "clock": ("string", "when the account's clock starts, for example 2026-12-02T00:00:00Z"),
    "faults": ("linelist", "faults, one a line, for example status=503,times=1"),
    "set": ("linelist", "options of behaviours, one a line, for example delete.status=204"),
}
_ACCOUNT = pytest.StashKey[Account]()
_SHOWN_REQUESTS = 50
_SHOWN_CHARACTERS = 500


def pytest_addoption(parser: pytest.Parser) -> None:
    for name, (kind, meaning) in _OPTIONS.items():
        parser.addini(f"bandwidth_{name}", f"bandwidth_account: {meaning}", type=kind)


def pytest_configure(config: pytest.Config) -> None:
    arguments = ", ".join(f"{name}=..." for name in _OPTIONS)
    config.addinivalue_line("markers", f"bandwidth({arguments}): the account of the fixture bandwidth_account")


@pytest.fixture(scope="session")
def bandwidth_mock() -> Generator[Mock, None, None]:
    """The mock of this process: that of BANDWIDTH_MOCK_ADMIN_URL if it is set, else one of its own."""
    with _one_line():
        mock = Mock.join_or_start()
    with mock:
        yield mock


@pytest.fixture
def bandwidth_account(request: pytest.FixtureRequest, bandwidth_mock: Mock) -> Generator[Account, None, None]:
    """An account for this test alone, as the marker `bandwidth` and the ini options want it."""
    with _one_line():
        account = bandwidth_mock.account(**_options(request.node))
    request.node.stash[_ACCOUNT] = account
    with account:
        yield account
        del request.node.stash[_ACCOUNT]


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: "pytest.CallInfo[None]"
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    report = yield
    account = item.stash.get(_ACCOUNT, None)
    if report.failed and account is not None:
        report.sections.append((f"bandwidth journal of account {account.account_id}", _journal(account)))
    return report


@contextmanager
def _one_line() -> Generator[None, None, None]:
    """Reports an error by its message alone, without the code that met it."""
    try:
        yield
    except Error as error:
        raise pytest.fail.Exception(str(error), pytrace=False) from None


def _options(item: pytest.Item) -> dict[str, Any]:
    """The nearest marker decides each option, then the ini file; `set` is merged key by key."""
    options: dict[str, Any] = {name: item.config.getini(f"bandwidth_{name}") or None for name in _OPTIONS}
    chosen = dict(_assignment(line) for line in options["set"] or ())
    for marker in reversed(list(item.iter_markers("bandwidth"))):
        unknown = marker.kwargs.keys() - _OPTIONS.keys()
        if unknown or marker.args:
            given = ", ".join(sorted(unknown)) or "an argument without a name"
            raise Error(f"pytest.mark.bandwidth takes {', '.join(_OPTIONS)}, not {given}")
        chosen.update(marker.kwargs.get("set", {}))
        options.update(marker.kwargs)
    options["set"] = chosen
    options["faults"] = options["faults"] or []
    return options


def _assignment(line: str) -> "tuple[str, str]":
    behaviour, equals, option = line.partition("=")
    if not equals:
        raise Error(f"bandwidth_set: {line} is not BEHAVIOUR=OPTION, for example delete.status=204")
    return behaviour.strip(), option.strip()


def _journal(account: Account) -> str:
    try:
        requests = account.journal(limit=_SHOWN_REQUESTS)
    except Error as error:
        return str(error)
    return "\n".join(map(_shown, requests)) or "the account received no request"


def _shown(request: RecordedRequest) -> str:
    status = "no answer" if request["status"] is None else request["status"]
    lines = [f"{request['id']}  {request['method']} {request['path']}  {status}  {request['operation'] or ''}"]
    fault, refusal, response = request["fault"], request["why"]["refusal"], request["response"]
    if fault is not None:
        lines.append(f"fault     {fault['rule']}")
    if refusal is not None:
        field = f" ({refusal['field']})" if refusal["field"] else ""
        lines.append(f"refused   {refusal['rule']}{field}: {refusal['description']}")
    lines.append(f"sent      {_cut(request['request'])}")
    if response is not None:
        lines.append(f"received  {_cut(response)}")
    return "\n    ".join(lines)


def _cut(message: Mapping[str, Any]) -> str:
    body = str(message["body"])
    if not body:
        return "no body"
    return body if len(body) <= _SHOWN_CHARACTERS else f"{body[:_SHOWN_CHARACTERS]} ..."
