#!/usr/bin/env python3
"""A sync from an identity provider to Bandwidth, with the standard library alone.

    okta_sync.py naive      the guide's API; believes what the guide's examples show
    okta_sync.py careful    the guide's API; assumes nothing that is not certain
    okta_sync.py today      the JSON API of today, with tokens
    okta_sync.py identity   the XML API below an identity domain; as careful

Each creates new users, updates changed ones, and removes deactivated ones: the first two delete
them, the others deactivate them. Then it compares the account with the directory. The address and
the logins come from BW_BASE_URL, BW_ACCOUNT_ID, BW_USERNAME, BW_PASSWORD, BW_CLIENT_ID,
BW_CLIENT_SECRET and, for `identity`, BW_DOMAIN. See which answers of the API break which of them:

    bandwidth-mock variants -- python3 okta_sync.py naive
    bandwidth-mock variants -- python3 okta_sync.py careful
    bandwidth-mock variants --profile published -- python3 okta_sync.py today
    bandwidth-mock variants --profile published --only identity -- python3 okta_sync.py identity
"""

import base64
import json
import os
import random
import secrets
import sys
import time
import urllib.error
import urllib.parse
import urllib.request
import xml.etree.ElementTree as ElementTree
from xml.sax.saxutils import escape

BASE = os.environ["BW_BASE_URL"]
ACCOUNT = f"{BASE}/accounts/{os.environ['BW_ACCOUNT_ID']}"


def basic(name, secret):
    return "Basic " + base64.b64encode(f"{os.environ[name]}:{os.environ[secret]}".encode()).decode()


BASIC = basic("BW_USERNAME", "BW_PASSWORD")

# Two days of an Okta directory: who is there, and who was deactivated.
MONDAY = [
    {"login": "ines.quartz", "email": "ines@corp.example", "first": "Ines", "last": "Quartz", "active": True},
    {"login": "tomas.birch", "email": "tomas@corp.example", "first": "Tomas", "last": "Birch", "active": True},
]
TUESDAY = [
    {"login": "ines.quartz", "email": "ines@corp.example", "first": "Ines", "last": "Quartz-Elm", "active": True},
    {"login": "tomas.birch", "email": "tomas@corp.example", "first": "Tomas", "last": "Birch", "active": False},
    {"login": "yara.fern", "email": "yara@corp.example", "first": "Yara", "last": "Fern", "active": True},
]
ROLE = "ReadOnly"
# The statuses of a body that may be written in another way.
REFUSED = (400, 409, 415, 422)


def send(method, url, headers, body=None):
    """One request: the status and the body, also of an error."""
    request = urllib.request.Request(url, method=method, headers=headers, data=body)
    try:
        with urllib.request.urlopen(request, timeout=10) as answer:
            return answer.status, answer.read(), answer.headers
    except urllib.error.HTTPError as error:
        return error.code, error.read(), error.headers


def token():
    """A token, and for how many seconds it is valid."""
    root = urllib.parse.urlsplit(BASE)
    status, text, _ = send(
        "POST", f"{root.scheme}://{root.netloc}/api/v1/oauth2/token",
        {"Authorization": basic("BW_CLIENT_ID", "BW_CLIENT_SECRET"), "Content-Type": "application/x-www-form-urlencoded"},
        b"grant_type=client_credentials",
    )
    if status != 200:
        raise SystemExit(f"the client gets no token ({status})")
    answer = json.loads(text)
    return "Bearer " + answer["access_token"], answer.get("expires_in", 3600)


def new_password():
    """All four classes of characters, no word, nothing twice."""
    letters = "bcdfghjkmnpqrstvwxz"
    parts = [secrets.choice(letters), secrets.choice(letters.upper()), secrets.choice("23456789"), secrets.choice("!#%+=?")]
    while len(parts) < 16:
        candidate = secrets.choice(letters + letters.upper() + "23456789")
        if candidate not in parts:
            parts.append(candidate)
    return "".join(parts)


class Naive:
    """Written from the guide: every example works, so every answer looks like one."""

    HEADERS = {"Authorization": BASIC, "Accept": "application/json", "Content-Type": "application/json"}

    def call(self, method, path, body=None):
        data = json.dumps(body).encode() if body is not None else None
        status, text, _ = send(method, ACCOUNT + path, self.HEADERS, data)
        return status, json.loads(text)

    def users(self):
        status, answer = self.call("GET", "/users")
        assert status == 200, status
        return {user["Username"]: user for user in answer["Users"]}

    def sync(self, directory):
        _, roles = self.call("GET", "/roles")
        role = next(role["RoleId"] for role in roles["Roles"] if role["RoleName"] == ROLE)
        known = self.users()
        for person in directory:
            user = known.get(person["login"])
            if user is None and person["active"]:
                status, user = self.call("POST", "/users", {
                    "Username": person["login"], "FirstName": person["first"], "LastName": person["last"],
                    "Email": person["email"], "Password": new_password(),
                })
                assert status == 201, status
                status, _ = self.call("PUT", f"/users/{user['UserId']}", {
                    "FirstName": person["first"], "LastName": person["last"], "Email": person["email"], "Roles": [role],
                })
                assert status == 200, status
            elif user is not None and not person["active"]:
                status, _ = self.call("DELETE", f"/users/{user['UserId']}")
                assert status == 200, status
                status, _ = self.call("GET", f"/users/{user['UserId']}")
                assert status == 404, status
            elif user is not None and (user["LastName"] != person["last"] or not user.get("Roles")):
                # Without roles it was created by a run that ended before it gave them.
                status, _ = self.call("PUT", f"/users/{user['UserId']}", {
                    "FirstName": person["first"], "LastName": person["last"], "Email": person["email"], "Roles": [role],
                })
                assert status == 200, status

    def found(self):
        return {
            name: (user["FirstName"], user["LastName"], user["Email"], [role["RoleName"] for role in user.get("Roles", [])])
            for name, user in self.users().items()
        }


class Careful:
    """XML, which is certain; every name looked up; every write complete, and read back."""

    base = ACCOUNT

    def __init__(self):
        self.authorization = BASIC
        self.email_name = None
        self.telephone = None

    def call(self, method, path, body=None):
        """Waits out limits. A write is sent again after a 429 only: anything else may have happened."""
        wait = 1.0
        for _ in range(8):
            headers = {"Authorization": self.authorization, "Accept": "application/xml"}
            if body is not None:
                headers["Content-Type"] = "application/xml"
            status, text, answered = send(method, self.base + path, headers, body)
            if status == 401 and self.authorization == BASIC:
                self.authorization = token()[0]
                continue
            if status == 429 or (status in (502, 503, 504) and method == "GET"):
                asked = answered.get("Retry-After") or ""
                reset = answered.get("X-RateLimit-Reset") or ""
                if asked.isdigit():
                    pause = float(asked)
                elif reset.isdigit():
                    pause = max(0.0, float(reset) - time.time())
                else:
                    pause, wait = random.uniform(0, wait), min(wait * 2, 60)
                time.sleep(pause)
                continue
            return status, ElementTree.fromstring(text) if text.strip().startswith(b"<") else None
        raise SystemExit(f"{method} {path}: no answer in eight tries")

    def users(self):
        status, tree = self.call("GET", "/users")
        if status != 200 or tree is None:
            raise SystemExit(f"the list of users returned {status}")
        users = {}
        for user in tree.iter("User"):
            fields = {field.tag: field.text or "" for field in user}
            if fields.get("Enabled", "true") != "true":
                # Deactivated is as good as deleted, and its name may stay taken.
                continue
            fields["roles"] = [name.text for name in user.iter("RoleName")]
            if "EmailAddress" in fields or "Email" in fields:
                self.email_name = "EmailAddress" if "EmailAddress" in fields else "Email"
            users[fields["Username"]] = fields
        return users

    def body(self, person, email_name, telephone, password=None, role=True):
        """Always the whole user: what is left out may be reset, or required."""
        fields = [("Username", person["login"]), ("FirstName", person["first"]), ("LastName", person["last"]), (email_name, person["email"])]
        if telephone:
            fields.append(("TelephoneNumber", telephone))
        if password:
            fields.append(("Password", password))
        text = "".join(f"<{name}>{escape(value)}</{name}>" for name, value in fields)
        text += "<Enabled>true</Enabled>"
        if role:
            text += f"<Roles><Role><RoleName>{ROLE}</RoleName></Role></Roles>"
        return f"<User>{text}</User>".encode()

    def create(self, person):
        names = [self.email_name] if self.email_name else ["Email", "EmailAddress"]
        phones = [self.telephone, None, "9195550100"]
        for email_name in names:
            for telephone in dict.fromkeys(phones):
                status, _ = self.call("POST", "/users", self.body(person, email_name, telephone, new_password()))
                if status in (200, 201):
                    self.email_name, self.telephone = email_name, telephone
                    return
                if status in (404, 405):
                    raise SystemExit(f"this API creates no users below an account ({status}), so there is nothing to sync with")
                if status >= 500:
                    # Not the body is wrong; another one could only do harm.
                    raise SystemExit(f"{person['login']} may be created or not ({status}); the next run looks")
        raise SystemExit(f"{person['login']} cannot be created ({status})")

    def key(self, user):
        return urllib.parse.quote(user.get("UserId") or user["Username"], safe="")

    def sync(self, directory):
        known = self.users()
        for person in directory:
            user = known.get(person["login"])
            if user is None and person["active"]:
                self.create(person)
            elif user is not None and not person["active"]:
                self.call("DELETE", f"/users/{self.key(user)}")
            elif user is not None and self.differs(user, person):
                # A telephone number that somebody else set must not be lost.
                telephone = user.get("TelephoneNumber") or self.telephone
                self.call("PUT", f"/users/{self.key(user)}", self.body(person, self.email_name, telephone))
        # The list decides what came of it, not the answers.
        after = self.users()
        for person in directory:
            user = after.get(person["login"])
            if person["active"] != (user is not None) or (user is not None and self.differs(user, person)):
                raise SystemExit(f"{person['login']} is not as in the directory")

    def differs(self, user, person):
        email = user.get("EmailAddress") or user.get("Email")
        return (user.get("FirstName"), user.get("LastName"), email, user["roles"]) != (
            person["first"], person["last"], person["email"], [ROLE])

    def found(self):
        return {
            name: (user.get("FirstName"), user.get("LastName"), user.get("EmailAddress") or user.get("Email"), user["roles"])
            for name, user in self.users().items()
        }


class Today:
    """The JSON API of today. Users get their password by mail, and are deactivated, not deleted."""

    def __init__(self):
        root = urllib.parse.urlsplit(BASE)
        self.base = f"{root.scheme}://{root.netloc}/api/v1"
        self.renew_at = 0.0

    def call(self, method, path, body=None):
        if time.monotonic() >= self.renew_at:
            self.authorization, seconds = token()
            self.renew_at = time.monotonic() + seconds - 60
        headers = {"Authorization": self.authorization, "Accept": "application/json", "Content-Type": "application/json"}
        status, text, _ = send(method, self.base + path, headers, json.dumps(body).encode() if body is not None else None)
        if status not in (200, 201, 204):
            raise SystemExit(f"{method} {path.split('?')[0]} returned {status}")
        return json.loads(text) if text else None

    def listed(self, path):
        """All pages of a list."""
        entries, after = [], ""
        while True:
            answer = self.call("GET", f"{path}?limit=100{after}")
            entries += answer["data"]
            following = [link["href"] for link in answer["links"] if link.get("rel") == "next"]
            if not following:
                return entries
            cursor = urllib.parse.parse_qs(urllib.parse.urlsplit(following[0]).query)["afterCursor"][0]
            after = "&afterCursor=" + urllib.parse.quote(cursor, safe="")

    def sync(self, directory):
        role = next(role["roleId"] for role in self.listed("/roles") if role["roleName"] == ROLE)
        known = {user["username"]: user for user in self.listed("/users")}
        for person in directory:
            user = known.get(person["login"])
            wanted = {
                "firstName": person["first"], "lastName": person["last"], "email": person["email"],
                "roles": [{"roleId": role}], "enabled": person["active"],
            }
            if user is None and person["active"]:
                self.call("POST", "/users", wanted | {
                    "username": person["login"], "accountScope": "ACCOUNT",
                    "accounts": [{"accountId": os.environ["BW_ACCOUNT_ID"]}],
                })
            elif user is not None and (user["lastName"] != person["last"] or user["enabled"] != person["active"]):
                self.call("PATCH", "/users/" + urllib.parse.quote(user["userId"], safe=""), wanted)

    def found(self):
        return {
            user["username"]: (user["firstName"], user["lastName"], user["email"], [role["roleName"] for role in user["roles"]])
            for user in self.listed("/users") if user["enabled"]
        }


class Identity(Careful):
    """Below an identity domain. A login name is the key; users are deactivated. Errors can repeat
    the password that was sent, so no body of a response is shown."""

    # Required of some users; the directory has none.
    PHONE = "<TelephoneNumbers><WorkPhone>9195550100</WorkPhone></TelephoneNumbers>"
    PAGE = 100

    def __init__(self):
        super().__init__()
        self.base = f"{BASE}/identitydomains/{urllib.parse.quote(os.environ['BW_DOMAIN'], safe='')}"
        # Whether the root LdapUserRequest is around a user: seen at the first write.
        self.wrapped = None

    def read(self, path):
        status, tree = self.call("GET", path)
        if status == 200 and tree is not None:
            return tree
        if status == 404:
            return None
        raise SystemExit(f"GET {path.split('?')[0]} returned {status}")

    def user_path(self, login):
        return "/users/" + urllib.parse.quote(login, safe="")

    def users(self):
        """All users by login name. Pages end when all are there, or when one has none that is new."""
        users, page = {}, 1
        while True:
            status, tree = self.call("GET", f"/users?page={page}&size={self.PAGE}")
            if page > 1 and status in (400, 404):
                return users
            if status != 200 or tree is None:
                raise SystemExit(f"this API lists no users below the domain ({status}), so there is nothing to sync with")
            before = len(users)
            for user in tree.iter("User"):
                users[user.findtext("UserId")] = user
            total = int(tree.findtext("UserList/totalCount") or 0)
            if len(users) == before or len(users) >= total:
                return users
            page += 1

    def write_user(self, method, path, user):
        """Sends a user, with the root around it that this API takes. Returns the status."""
        for wrapped in [False, True] if self.wrapped is None else [self.wrapped]:
            body = f"<LdapUserRequest>{user}</LdapUserRequest>" if wrapped else user
            status, _ = self.call(method, path, body.encode())
            if status in (200, 201):
                self.wrapped = wrapped
            if status not in REFUSED:
                break
        return status

    def create(self, person):
        path = self.user_path(person["login"])
        for phone in ["", self.PHONE]:
            # Inactive until it has its account and role. Users of the web interface alone can still
            # be created and changed in 2026.
            status = self.write_user("POST", path, (
                f"<User><UserId>{escape(person['login'])}</UserId><Email>{escape(person['email'])}</Email>"
                f"<Password>{escape(new_password())}</Password><UserSettings><Active>false</Active>"
                f"<AllowedApiOrigin>GUI</AllowedApiOrigin></UserSettings><UserProfile><FirstName>{escape(person['first'])}</FirstName>"
                f"<LastName>{escape(person['last'])}</LastName>{phone}</UserProfile></User>"
            ))
            if status in (200, 201):
                return
            if status not in REFUSED:
                break
        # The create may have taken effect without an answer that says so.
        if self.read(path) is None:
            raise SystemExit(f"{person['login']} cannot be created: its name or email may be taken in an account that is not yours")

    def put(self, path, root, content):
        status, _ = self.call("PUT", path, f"<{root}>{content}</{root}>".encode())
        if status != 200:
            raise SystemExit(f"PUT {path} returned {status}")

    def bring(self, person, role):
        """Gives a user all that it should have: account and role before it is active."""
        path = self.user_path(person["login"])
        user = self.read(path).find("User")
        wanted = {"Email": person["email"], "UserProfile/FirstName": person["first"], "UserProfile/LastName": person["last"]}
        if any(user.findtext(field) != text for field, text in wanted.items()):
            # The whole user as it was read: what a PUT leaves out may be kept or lost.
            for field, text in wanted.items():
                user.find(field).text = text
            if self.write_user("PUT", path, ElementTree.tostring(user, encoding="unicode")) not in (200, 201):
                raise SystemExit(f"{person['login']} cannot be updated")
        accounts = [account.text for account in user.iter("AccountId")]
        if os.environ["BW_ACCOUNT_ID"] not in accounts:
            accounts.append(os.environ["BW_ACCOUNT_ID"])
            self.put(path + "/accounts", "AccountList", "".join(f"<Account><AccountId>{escape(account)}</AccountId></Account>" for account in accounts))
        if [held.text for held in user.iter("RoleId")] != [role]:
            self.put(path + "/roles", "RoleList", f"<Role><RoleId>{escape(role)}</RoleId></Role>")
        if user.findtext("UserSettings/Active") != "true":
            self.set_active(path, True)

    def set_active(self, path, active):
        """All settings as they were read, but for one: what a PUT leaves out may be lost."""
        settings = self.read(path + "/settings").find(".//UserSettings")
        settings.find("Active").text = "true" if active else "false"
        self.put(path + "/settings", "UserSettings", "".join(ElementTree.tostring(field, encoding="unicode") for field in settings))

    def sync(self, directory):
        known = self.users()
        roles = {role.findtext("RoleSimpleName"): role.findtext("RoleId") for role in self.read("/roles").iter("Role")}
        for person in directory:
            user = known.get(person["login"])
            if person["active"]:
                if user is None:
                    self.create(person)
                self.bring(person, roles[ROLE])
            elif user is not None and user.findtext("Active") != "false":
                self.set_active(self.user_path(person["login"]), False)

    def found(self):
        """What the API shows decides what came of it, not the answers to the writes."""
        found = {}
        for login, listed in self.users().items():
            if listed.findtext("Active") == "true":
                user = self.read(self.user_path(login)).find("User")
                found[login] = (
                    user.findtext("UserProfile/FirstName"), user.findtext("UserProfile/LastName"), user.findtext("Email"),
                    [name.text for name in user.iter("RoleSimpleName")],
                )
        return found


def main():
    kinds = {"naive": Naive, "careful": Careful, "today": Today, "identity": Identity}
    if len(sys.argv) != 2 or sys.argv[1] not in kinds:
        raise SystemExit("usage: okta_sync.py naive|careful|today|identity")
    sync = kinds[sys.argv[1]]()
    for directory in (MONDAY, TUESDAY, TUESDAY):
        sync.sync(directory)
    found = sync.found()
    for person in TUESDAY:
        expected = (person["first"], person["last"], person["email"], [ROLE]) if person["active"] else None
        if found.get(person["login"]) != expected:
            raise SystemExit(f"{person['login']}: expected {expected}, found {found.get(person['login'])}")
    print("the account is as the directory")


main()
