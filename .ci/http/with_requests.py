import requests
from requests.adapters import HTTPAdapter

import steps

session = requests.Session()
session.auth = steps.LOGIN
session.mount("http://", HTTPAdapter(pool_maxsize=50))


def send(method, url, body):
    headers = {"Accept": "application/json"}
    answer = session.request(method, url, json=body, headers=headers, timeout=10)
    return answer.status_code, answer.text


steps.run(send)
