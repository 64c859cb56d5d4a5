"""Example tests. Point your own client at `bandwidth.users` with `bandwidth.auth`."""

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


# Twice, to show that tests do not meet: in one account the name would be taken.
@pytest.mark.parametrize("attempt", ["first", "second"])
def test_a_user_is_created(bandwidth, attempt):
    created = requests.post(bandwidth.users, json=ANNA, auth=bandwidth.auth, headers=JSON)
    assert created.status_code == 201
    listed = requests.get(bandwidth.users, auth=bandwidth.auth, headers=JSON).json()["Users"]
    assert [user["Username"] for user in listed if user["Username"] == "asmith"] == ["asmith"]


def test_a_lost_answer_does_not_mean_that_nothing_happened(bandwidth):
    bandwidth.fault(fault="EMPTY_RESPONSE", when="after", operation="create_user", times=1)
    with pytest.raises(requests.ConnectionError):
        requests.post(bandwidth.users, json=ANNA, auth=bandwidth.auth)
    again = requests.post(bandwidth.users, json=ANNA, auth=bandwidth.auth)
    assert again.status_code == 409
