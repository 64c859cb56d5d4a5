"""A mock of Bandwidth's user-management API for tests.

    from bandwidth_mock import Mock

    with Mock.start() as mock, mock.account(seed="demo") as account:
        account.fault("status=503,times=1")
        your_client(account.users_url, account.auth)
        assert account.count("list_users") == 2
"""

from ._account import Account, FaultRule
from ._clock import Clock
from ._error import Error
from ._mock import Mock

__all__ = ["Account", "Clock", "Error", "FaultRule", "Mock"]
