"""A small sync: tomas joins, ines gets another last name, olga leaves, and jdoe is not its concern.

    client.py careful|MISTAKE

Each mistake is a class below. Nothing waits, so that a rehearsal of it is quick.
"""

import base64
import http.client
import json
import os
import sys
from urllib.parse import urlsplit

ROOT = urlsplit(os.environ["BW_BASE_URL"])
USERS = f"/api/accounts/{os.environ['BW_ACCOUNT_ID']}/users"
TOMAS = {
    "Username": "tomas", "FirstName": "Tomas", "LastName": "Birch", "Email": "tomas@example.com",
    "Password": "Teal-Wagon.47", "Roles": [{"RoleId": "r2"}],
}


class Unclear(Exception):
    """A response that does not say what came of the request."""


class Careful:
    TRIES = 5

    def __init__(self):
        self.new_token()

    def send(self, method, path, headers, body=None):
        connection = http.client.HTTPConnection(ROOT.hostname, ROOT.port, timeout=10)
        try:
            connection.request(method, path, body, headers)
            response = connection.getresponse()
            text = response.read()
            return response.status, json.loads(text) if text else None
        except (OSError, http.client.HTTPException, ValueError) as error:
            raise Unclear(f"{method} {path}: {type(error).__name__}") from error

    def new_token(self):
        pair = f"{os.environ['BW_CLIENT_ID']}:{os.environ['BW_CLIENT_SECRET']}"
        headers = {
            "Authorization": "Basic " + base64.b64encode(pair.encode()).decode(),
            "Content-Type": "application/x-www-form-urlencoded",
        }
        ask = lambda: self.send("POST", "/api/v1/oauth2/token", headers, "grant_type=client_credentials")
        self.token = self.repeated(ask)[1]["access_token"]

    def repeated(self, ask):
        for _ in range(self.TRIES):
            try:
                status, answer = ask()
            except Unclear as error:
                last = error
                continue
            if status < 429:
                return status, answer
            last = Unclear(f"it returns {status}")
        raise last

    def once(self, method, path, body=None):
        headers = {"Authorization": f"Bearer {self.token}", "Accept": "application/json", "Content-Type": "application/json"}
        status, answer = self.send(method, path, headers, json.dumps(body) if body else None)
        if status == 401:
            status, answer = self.refused(method, path, body)
        return status, answer

    def refused(self, method, path, body):
        self.new_token()
        return self.once(method, path, body)

    def call(self, method, path, body=None):
        return self.repeated(lambda: self.once(method, path, body))

    def users(self):
        status, answer = self.call("GET", USERS)
        if status != 200:
            raise Unclear(f"the list returns {status}")
        return {user["Username"]: user for user in answer["Users"]}

    def create(self, user):
        for _ in range(self.TRIES):
            try:
                status, _ = self.once("POST", USERS, user)
            except Unclear:
                status = 500
            if status == 201:
                return
            # It may have taken effect.
            if user["Username"] in self.users():
                return
        raise Unclear("the create is refused")

    def update(self, user):
        path = f"{USERS}/{user['UserId']}"
        _, whole = self.call("GET", path)
        whole = whole.get("User", whole)
        self.call("PUT", path, whole | {"LastName": "Elm"})

    def remove(self, user):
        path = f"{USERS}/{user['UserId']}"
        self.call("DELETE", path)
        if self.call("GET", path)[0] != 404:
            raise Unclear("the user is still there")

    def seen(self):
        """All users, when what was just changed can be seen."""
        for _ in range(self.TRIES):
            users = self.users()
            if "olga" not in users and "tomas" in users and users.get("ines", {}).get("LastName") == "Elm":
                return
        raise Unclear("the list is not as it should be")

    def known(self):
        """An account that was never empty is not empty: the list is asked again."""
        return self.users() or self.users()

    def run(self):
        users = self.known()
        if "tomas" not in users:
            self.create(TOMAS)
        if users["ines"]["LastName"] != "Elm":
            self.update(users["ines"])
        if "olga" in users:
            self.remove(users["olga"])
        self.seen()


class NoRetry(Careful):
    TRIES = 1


class CreatesAgain(Careful):
    """Takes the refusal of its own second create for a failure."""

    def create(self, user):
        if self.call("POST", USERS, user)[0] != 201:
            raise Unclear("the create is refused")


class NoLimit(Careful):
    TRIES = 1_000_000


class FailedIsEmpty(Careful):
    """Takes a list that fails for an empty one, and creates everyone."""

    def known(self):
        try:
            return self.users()
        except Unclear:
            return {}

    def run(self):
        users = self.known()
        for name, last in [("ines", "Elm"), ("tomas", "Birch")]:
            user = TOMAS | {"Username": name, "Email": f"{name}@example.com", "FirstName": name.title(), "LastName": last}
            if name in users and name == "ines" and users[name]["LastName"] != last:
                self.update(users[name])
            elif name not in users:
                try:
                    status, _ = self.once("POST", USERS, user)
                except Unclear:
                    self.create(user)
                    continue
                if status == 409:
                    self.call("POST", USERS, user | {"Username": f"{name}2", "Email": f"{name}2@example.com"})
        if "olga" in users:
            self.remove(users["olga"])


class OldToken(Careful):
    def refused(self, method, path, body):
        return 503, None


class UnverifiedDelete(Careful):
    def remove(self, user):
        try:
            self.once("DELETE", f"{USERS}/{user['UserId']}")
        except Unclear:
            pass

    def seen(self):
        pass


class BlindUpdate(Careful):
    """Updates with what it has after a read that failed."""

    def update(self, user):
        path = f"{USERS}/{user['UserId']}"
        try:
            status, whole = self.once("GET", path)
        except Unclear:
            status = 500
        whole = whole.get("User", whole) if status == 200 else {"Email": user["Email"]}
        self.call("PUT", path, whole | {"LastName": "Elm"})


class CannotResume(Careful):
    """Gives roles after the create, and never again."""

    def create(self, user):
        without = {name: value for name, value in user.items() if name != "Roles"}
        _, made = self.call("POST", USERS, without)
        del without["Password"]
        path = f"{USERS}/{made.get('User', made)['UserId']}"
        status, _ = self.once("PUT", path, without | {"Roles": user["Roles"]})
        if status != 200:
            raise Unclear(f"the roles are refused ({status})")


class TrustsStale(Careful):
    """Takes a user that the list does not show yet for one that was not created."""

    def seen(self):
        if "tomas" not in self.users():
            self.call("POST", USERS, TOMAS | {"Username": "tomas2", "Email": "tomas2@example.com"})

    def run(self):
        users = self.known()
        if users["ines"]["LastName"] != "Elm":
            self.update(users["ines"])
        if "olga" in users:
            self.remove(users["olga"])
        if "tomas" not in users:
            self.create(TOMAS)
            self.seen()


class StartsOver(Careful):
    """Takes an empty list for a new account, and clears what it then finds."""

    def known(self):
        users = self.users()
        if not users:
            for user in self.users().values():
                self.remove(user)
            self.create(TOMAS | {"Username": "ines", "Email": "ines@example.com", "FirstName": "Ines", "LastName": "Elm"})
            users = self.users()
        return users


KINDS = {
    "careful": Careful, "no-retry": NoRetry, "creates-again": CreatesAgain, "no-limit": NoLimit,
    "failed-is-empty": FailedIsEmpty, "old-token": OldToken, "unverified-delete": UnverifiedDelete,
    "blind-update": BlindUpdate, "cannot-resume": CannotResume, "trusts-stale": TrustsStale, "starts-over": StartsOver,
}
try:
    KINDS[sys.argv[1]]().run()
except Unclear as error:
    raise SystemExit(str(error))
