import asyncio

import aiohttp

import steps

loop = asyncio.new_event_loop()


async def connected():
    headers = {"Accept": "application/json", "Authorization": steps.BASIC}
    return aiohttp.ClientSession(headers=headers)


session = loop.run_until_complete(connected())


async def sent(method, url, body):
    async with session.request(method, url, json=body) as answer:
        return answer.status, await answer.text()


def send(method, url, body):
    return loop.run_until_complete(sent(method, url, body))


async def all_sent(requests):
    return await asyncio.gather(*(sent(*request) for request in requests))


steps.run(send, lambda _, requests: loop.run_until_complete(all_sent(requests)))
loop.run_until_complete(session.close())
