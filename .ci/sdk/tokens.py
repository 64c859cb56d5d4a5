"""What PyPI bandwidth-sdk does against the mock: it gets tokens itself. Its generated API has no
users, so that its own client sends the request for the account's list of users.

Reads BW_BASE_URL, BW_ACCOUNT_ID, BW_CLIENT_ID, BW_CLIENT_SECRET, and BW_SECONDS, the lifetime that
the mock tells. Prints one JSON object, {"version": .., "shown": [..]}, and fails at the first thing
that is not as it should be.
"""

import json
import os
from importlib import metadata

from bandwidth import ApiClient, Configuration

base = os.environ["BW_BASE_URL"]
configuration = Configuration(
    client_id=os.environ["BW_CLIENT_ID"],
    client_secret=os.environ["BW_CLIENT_SECRET"],
    access_token_url=base + "/v1/oauth2/token",
)
client = ApiClient(configuration)
shown = []


def check(condition, what):
    if not condition:
        raise SystemExit("not shown: " + what)
    shown.append(what)


def authorization():
    return configuration.auth_settings()["OAuth2"]["value"]


def users():
    url = f"{base}/accounts/{os.environ['BW_ACCOUNT_ID']}/users"
    answer = client.call_api("GET", url, {"Authorization": authorization(), "Accept": "application/json"})
    return answer.status, answer.read()


status, body = users()
check(status == 200 and b"jdoe" in body, "a token of its own opens the account's list of users")

first, second = authorization(), authorization()
if int(os.environ["BW_SECONDS"]) <= 60:
    check(first != second, "a lifetime of a minute or less: each request gets a new token")
else:
    check(first == second, "a longer lifetime: the token is kept")
check(users()[0] == 200, "which opens the list too")

print(json.dumps({"version": metadata.version("bandwidth-sdk"), "shown": shown}))
