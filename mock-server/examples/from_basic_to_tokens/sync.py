"""Creates the user asmith unless it exists. The login is Basic without BW_CLIENT_ID, and a token
with it."""

import base64
import json
import os
import time
import urllib.request

BASE = os.environ["BW_BASE_URL"]
USERS = f"{BASE}/accounts/{os.environ['BW_ACCOUNT_ID']}/users"


def send(url, headers, body=None):
    with urllib.request.urlopen(urllib.request.Request(url, headers=headers, data=body), timeout=10) as answer:
        return json.load(answer)


def basic(name, password):
    return "Basic " + base64.b64encode(f"{os.environ[name]}:{os.environ[password]}".encode()).decode()


class Basic:
    def header(self):
        return basic("BW_USERNAME", "BW_PASSWORD")


class Token:
    """A token, and a new one a minute before it expires."""

    renew_at = 0.0

    def header(self):
        if time.monotonic() >= self.renew_at:
            answer = send(
                BASE.partition("/api")[0] + "/api/v1/oauth2/token",
                {"Authorization": basic("BW_CLIENT_ID", "BW_CLIENT_SECRET")},
                b"grant_type=client_credentials",
            )
            self.value = "Bearer " + answer["access_token"]
            self.renew_at = time.monotonic() + answer.get("expires_in", 3600) - 60
        return self.value


login = Token() if os.environ.get("BW_CLIENT_ID") else Basic()


def call(body=None):
    headers = {"Authorization": login.header(), "Accept": "application/json"}
    if body is None:
        return send(USERS, headers)
    return send(USERS, {**headers, "Content-Type": "application/json"}, json.dumps(body).encode())


if any(user["Username"] == "asmith" for user in call()["Users"]):
    print("asmith exists")
else:
    call({
        "Username": "asmith", "FirstName": "Anna", "LastName": "Smith",
        "Email": "asmith@example.com", "Password": "Teal-Wagon.47",
    })
    print("asmith was created")
