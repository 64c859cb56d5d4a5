import httpx

import steps

# With fewer, a thread closes connections that another one is about to read from.
limits = httpx.Limits(max_keepalive_connections=50)
headers = {"Accept": "application/json"}
client = httpx.Client(auth=steps.LOGIN, headers=headers, limits=limits, timeout=10)


def send(method, url, body):
    answer = client.request(method, url, json=body)
    return answer.status_code, answer.text


steps.run(send)
