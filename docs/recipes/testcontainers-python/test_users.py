"""A mock in a container for the tests of a module, with Testcontainers for Python and pytest."""

import pytest
import requests
from testcontainers.core.container import DockerContainer
from testcontainers.core.wait_strategies import HttpWaitStrategy

# The image needs a token for its control API; else it makes one, which only its log has.
TOKEN = "for-tests-only"


@pytest.fixture(scope="module")
def bandwidth_url():
    container = (
        DockerContainer("bandwidth-mock")
        .with_env("BANDWIDTH_MOCK_ADMIN_TOKEN", TOKEN)
        .with_exposed_ports(8080)
        .waiting_for(HttpWaitStrategy(8080, "/__admin/ready").for_status_code(200))
    )
    with container:
        host, port = container.get_container_host_ip(), container.get_exposed_port(8080)
        yield f"http://{host}:{port}"


@pytest.fixture
def account(bandwidth_url):
    """A throwaway account: accountId, username, password, baseUrl."""
    made = requests.post(
        f"{bandwidth_url}/__admin/accounts",
        json={"seed": "demo"},
        headers={"Authorization": f"Bearer {TOKEN}"},
    )
    made.raise_for_status()
    return made.json()


def test_an_account_starts_with_the_demo_user(account):
    users = requests.get(
        f"{account['baseUrl']}/accounts/{account['accountId']}/users",
        auth=(account["username"], account["password"]),
        headers={"Accept": "application/json"},
    )
    assert [user["Username"] for user in users.json()["Users"]] == ["jdoe"]
