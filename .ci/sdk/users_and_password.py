"""What PyPI bandwidth-numbers-sdk (module bandwidth_numbers) does against the mock: it lists the
users of the account and changes the password of its own login.

Reads BW_BASE_URL, BW_ACCOUNT_ID, BW_USERNAME, BW_PASSWORD, BW_NEW_PASSWORD and BW_SEED. Prints one
JSON object, {"version": .., "shown": [..]}, and fails at the first thing that is not as it should
be.
Only the SDK talks to the server, and the SDK is used as it was installed.
"""

import json
import os
from importlib import metadata

import requests
from bandwidth_numbers import Account, Client, RestError, Users

OLD = os.environ["BW_PASSWORD"]
NEW = os.environ["BW_NEW_PASSWORD"]
shown = []


def client(password):
    return Client(
        url=os.environ["BW_BASE_URL"],
        account_id=os.environ["BW_ACCOUNT_ID"],
        username=os.environ["BW_USERNAME"],
        password=password,
    )


def users(password):
    """The users as the SDK's own parser reads them."""
    listed = Account(client=client(password)).users.list().items
    return {user.username: user for user in listed}


def refused(password):
    """Whether the login is refused. The SDK turns an empty error body into requests' HTTPError,
    which knows the status; an error with a body becomes a RestError, which does not."""
    try:
        users(password)
    except requests.exceptions.HTTPError as error:
        return error.response.status_code == 401
    return False


def check(condition, what):
    if not condition:
        raise SystemExit("not shown: " + what)
    shown.append(what)


listed = users(OLD)
jdoe = listed.get("jdoe")
check(
    jdoe is not None
    and (jdoe.first_name, jdoe.last_name) == ("John", "Doe")
    and jdoe.email_address == "jdoe@example.com",
    "lists {}, jdoe with names and email".format(", ".join(sorted(listed))),
)

roles = {
    role.name: [permission.name for permission in role.permissions.items]
    for role in jdoe.roles.items
}
if os.environ["BW_SEED"] == "published":
    check(
        roles == {"ROLE_USER": ["VIEW", "UPDATE"], "ROLE_API_ORDERING": ["VIEW", "UPDATE"]}
        and jdoe.telephone_number == "9195550100",
        "reads roles with permissions, and telephone numbers",
    )

# The SDK puts the password into its XML as it is. With an ampersand that is not XML: the server
# has to reject it, and the password stays.
try:
    Users(client=client(OLD)).password.change("Kettle&Plum.58")
    check(False, "a body that is not XML is refused")
except RestError:
    check("jdoe" in users(OLD), "its unescaped & is refused, the password stays")

# The answer is an empty body, of which the SDK shows nothing: what counts is which password opens
# the API afterwards.
Users(client=client(OLD)).password.change(NEW)
check("jdoe" in users(NEW), "changes its password: the new one works")
check(refused(OLD), "the old one is refused with 401")

print(json.dumps({"version": metadata.version("bandwidth-numbers-sdk"), "shown": shown}))
