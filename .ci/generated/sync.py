"""A sync with the client that openapi-python-client makes of the description."""

import base64
import os

from description import Client
from description.api.account_api import create_user, delete_user, get_user, list_users, update_user
from description.models import NewUser, RoleReference, UserChanges

login = f"{os.environ['BW_USERNAME']}:{os.environ['BW_PASSWORD']}".encode()
client = Client(
    base_url=os.environ["BW_ORIGIN"],
    headers={"Accept": "application/json", "Authorization": f"Basic {base64.b64encode(login).decode()}"},
)
account = os.environ["BW_ACCOUNT_ID"]


def count():
    return len(list_users.sync(account, client=client).users)


before = count()
body = NewUser(
    username="zoe.py",
    first_name="Zoë",
    last_name="O'Neil & Söhne",
    email="zoe.py@example.com",
    password="Teal-Wagon.47",
    roles=[RoleReference(role_id="r2")],
)
user_id = create_user.sync(account, client=client, body=body).user_id
taken = create_user.sync_detailed(account, client=client, body=body)
assert taken.status_code == 409, taken
assert isinstance(taken.parsed.response_status.error_code, int), taken.parsed
updated = update_user.sync(account, user_id, client=client, body=UserChanges(first_name="Zoé"))
assert updated.first_name == "Zoé", updated
assert get_user.sync(account, user_id, client=client).username == "zoe.py"
assert count() == before + 1
assert delete_user.sync_detailed(account, user_id, client=client).status_code == 200
assert count() == before
