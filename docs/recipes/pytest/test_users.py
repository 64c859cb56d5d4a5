"""Example tests. Point your own client at `bandwidth_account.users_url` with `bandwidth_account.auth`."""

import pytest
import requests

ANNA = {
    "Username": "asmith",
    "FirstName": "Anna",
    "LastName": "Smith",
    "Email": "asmith@example.com",
    "Password": "Teal-Wagon.47",
}
JSON = {"Accept": "application/json"}


def create(account):
    return requests.post(account.users_url, json=ANNA, auth=account.auth, headers=JSON)


# Twice, to show that tests do not meet: in one account the name would be taken.
@pytest.mark.parametrize("attempt", ["first", "second"])
def test_a_user_is_created(bandwidth_account, attempt):
    assert create(bandwidth_account).status_code == 201
    answer = requests.get(bandwidth_account.users_url, auth=bandwidth_account.auth, headers=JSON)
    assert [user["Username"] for user in answer.json()["Users"]] == ["asmith"]


@pytest.mark.bandwidth(faults=["fault=EMPTY_RESPONSE,when=after,operation=create_user,times=1"])
def test_a_lost_answer_does_not_mean_that_nothing_happened(bandwidth_account):
    with pytest.raises(requests.ConnectionError):
        create(bandwidth_account)
    assert create(bandwidth_account).status_code == 409
    assert bandwidth_account.count("create_user") == 2
