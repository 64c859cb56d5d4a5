"""The steps that each client of Python takes. `send` is the client: it sends a request, and returns
the status and the text of the answer."""

import base64
import json
import os
from concurrent.futures import ThreadPoolExecutor

BASE = os.environ["BW_BASE_URL"]
USERS = f"{BASE}/accounts/{os.environ['BW_ACCOUNT_ID']}/users"
LOGIN = (os.environ["BW_USERNAME"], os.environ["BW_PASSWORD"])
BASIC = "Basic " + base64.b64encode(":".join(LOGIN).encode()).decode()
HEADERS = {"Accept": "application/json", "Content-Type": "application/json"}
NAME = ("Zoë", "O'Neil & Söhne")


def user(name):
    first, last = NAME
    return {
        "Username": name, "FirstName": first, "LastName": last,
        "Email": f"{name}@example.com", "Password": "Teal-Wagon.47",
    }


def at_once(send, requests):
    with ThreadPoolExecutor(50) as pool:
        return list(pool.map(lambda request: send(*request), requests))


def run(send, at_once=at_once):
    def expect(wanted, method, url, body=None):
        status, text = send(method, url, body)
        assert status == wanted, f"{method} {url}: {status} {text}"
        return json.loads(text)

    names = [user["Username"] for user in expect(200, "GET", USERS)["Users"]]
    assert "jdoe" in names, names
    print("list")
    key = expect(201, "POST", USERS, user("zoe"))["UserId"]
    seen = expect(200, "GET", f"{USERS}/{key}")
    assert (seen["FirstName"], seen["LastName"]) == NAME, seen
    print("create")
    expect(200, "PUT", f"{USERS}/{key}", {"FirstName": "Zoé"})
    assert expect(200, "GET", f"{USERS}/{key}")["FirstName"] == "Zoé"
    print("update")
    expect(200, "DELETE", f"{USERS}/{key}")
    print("delete")
    error = expect(404, "GET", f"{USERS}/{key}")["ResponseStatus"]
    assert error["ErrorCode"] and error["Description"], error
    print("error")
    answers = at_once(send, [("POST", USERS, user(f"user{n}")) for n in range(50)])
    assert all(status == 201 for status, _ in answers), answers
    keys = {json.loads(text)["UserId"] for _, text in answers}
    assert len(keys) == 50, keys
    answers = at_once(send, [("DELETE", f"{USERS}/{key}", None) for key in keys])
    assert all(status == 200 for status, _ in answers), answers
    assert len(expect(200, "GET", USERS)["Users"]) == len(names)
    print("50 at once")
