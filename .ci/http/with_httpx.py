import httpx

import steps

client = httpx.Client(auth=steps.LOGIN, headers={"Accept": "application/json"}, timeout=10)


def send(method, url, body):
    answer = client.request(method, url, json=body)
    return answer.status_code, answer.text


steps.run(send)
