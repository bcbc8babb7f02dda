"""Connections as they come: pipelined, slow, silent, broken, in thousands; and a stop while requests are on their way."""

import contextlib
import json
import resource
import socket
import threading
import time

import pytest

from api import event
from server import SECRET_KEY

PATIENCE = 60


@pytest.fixture
def address(server):
    host, port = server.url.removeprefix("http://").split(":")
    return host, int(port)


def connect(address) -> socket.socket:
    return socket.create_connection(address, timeout=PATIENCE)


def request(path: str, body, *fields: str, method: str = "POST") -> bytes:
    """A request with a length."""
    content = body if isinstance(body, bytes) else json.dumps(body).encode()
    head = [
        f"{method} {path} HTTP/1.1", "Host: localhost", f"X-Schematic-Api-Key: {SECRET_KEY}",
        f"Content-Length: {len(content)}", *fields]
    return "\r\n".join(head).encode() + b"\r\n\r\n" + content


def single(number: int, company: str = "acme") -> bytes:
    return request("/events", event("call", company, key=f"key-{number}"))


def answers(connection: socket.socket, count: int):
    """The next answers: each its status and what it says."""
    stream = connection.makefile("rb")
    for _ in range(count):
        status = int(stream.readline().split()[1])
        fields = {}
        while (line := stream.readline().strip()):
            name, value = line.decode().split(":", 1)
            fields[name.lower()] = value.strip()
        yield status, json.loads(stream.read(int(fields.get("content-length", 0))) or b"null")


def is_closed(connection: socket.socket) -> bool:
    with contextlib.suppress(ConnectionResetError):
        return connection.recv(1) == b""
    return True


@pytest.fixture
def acme(api):
    """A company that may do 1,000,000 calls a month."""
    call = api.feature("call")
    return api.subscribed("acme", api.free_plan("Plan", (call, {
        "value_type": "numeric", "value_numeric": 1_000_000, "metric_period": "current_month"})))


def test_pipelined_requests_of_all_kinds_are_answered_in_order(api, address, acme):
    rounds = 200
    consume = {"company": {"id": "acme"}, "event": "call"}
    with connect(address) as connection:
        sender = threading.Thread(target=connection.sendall, args=(b"".join(
            single(number) + request("/flags/call/check", {"company": {"id": "acme"}})
            + request("/usage/consume", consume) + request(f"/companies/{acme['id']}", b"", method="GET")
            + request("/flags/none/check", {}) for number in range(rounds)),))
        sender.start()
        found = list(answers(connection, 5 * rounds))
        sender.join()
    for number in range(rounds):
        made, check, consumed, company, missing = found[5 * number:5 * number + 5]
        assert [made[0], check[0], consumed[0], company[0], missing[0]] == [201, 200, 200, 200, 404]
        # Each sees exactly what was counted by those before it.
        assert check[1]["data"]["feature_usage"] == 2 * number + 1
        assert consumed[1]["data"]["usage"] == 2 * number + 2
        assert company[1]["data"]["id"] == acme["id"]


def test_a_body_in_single_bytes_does_not_stop_others(api, address, acme):
    slow = request("/batch", {"events": [event("call", "acme")]})
    with contextlib.ExitStack() as stack:
        connections = [stack.enter_context(connect(address)) for _ in range(50)]
        for place in range(len(slow)):
            for connection in connections:
                connection.send(slow[place:place + 1])
            if place % 20 == 0:
                assert api.check("call", "acme")["value"] is True
        for connection in connections:
            assert [answer[1]["data"]["accepted"] for answer in answers(connection, 1)] == [1]
    assert api.usage("acme", "call") == len(connections)


def test_chunks_half_closed_and_continue(api, address, acme):
    body = json.dumps({"events": [event("call", "acme") for _ in range(500)]}).encode()
    head = request("/batch", b"", "Transfer-Encoding: chunked").replace(b"Content-Length: 0\r\n", b"")
    chunks = [body[place:place + 777] for place in range(0, len(body), 777)]
    with connect(address) as connection:
        connection.sendall(head)
        for chunk in chunks:
            connection.sendall(b"%x\r\n%s\r\n" % (len(chunk), chunk))
        connection.sendall(b"0\r\n\r\n" + single(1))
        # Nothing more will come, but the answers are waited for.
        connection.shutdown(socket.SHUT_WR)
        assert [status for status, _ in answers(connection, 2)] == [200, 201]
        assert is_closed(connection)
    with connect(address) as connection:
        whole = request("/batch", body, "Expect: 100-continue")
        connection.sendall(whole[:-len(body)])
        assert connection.recv(100) == b"HTTP/1.1 100 Continue\r\n\r\n"
        connection.sendall(body)
        assert [answer[1]["data"]["accepted"] for answer in answers(connection, 1)] == [500]
    assert api.usage("acme", "call") == 1001


def test_a_client_that_leaves_in_mid_body_leaves_nothing(api, address, acme):
    whole = request("/batch", {"events": [event("call", "acme")]})
    for place in range(len(whole)):
        with connect(address) as connection:
            connection.sendall(whole[:place])
    assert api.usage("acme", "call") == 0


def test_one_connection_serves_many_requests(api, address, acme):
    count = 5000
    with connect(address) as connection:
        check = request("/flags/call/check", {"company": {"id": "acme"}})
        for _ in range(count):
            connection.sendall(check)
            (status, answer), = answers(connection, 1)
            assert status == 200 and answer["data"]["value"] is True


def test_idle_and_unread_connections_do_not_stop_others(api, address, acme):
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    count = min(5000, hard - 500)
    try:
        with contextlib.ExitStack() as stack:
            for _ in range(count):
                stack.enter_context(connect(address))
            # Clients that send and send and never read an answer.
            check = request("/flags/call/check", {"company": {"id": "acme"}})
            for _ in range(5):
                deaf = stack.enter_context(connect(address))
                deaf.settimeout(0.5)
                with contextlib.suppress(TimeoutError):
                    while True:
                        deaf.sendall(check * 100)
            started = time.monotonic()
            for number in range(100):
                assert api.check("call", "acme")["value"] is True
                api.track(event("call", "acme", key=f"key-{number}"))
            assert time.monotonic() - started < PATIENCE / 2
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


def test_a_stop_answers_what_is_on_its_way(server, address, acme):
    """What was acknowledged before the connections closed is counted; nothing is counted twice."""
    acknowledged = [0] * 16

    def work(worker: int):
        with connect(address) as connection, contextlib.suppress(OSError, ValueError, IndexError):
            number = 0
            while True:
                connection.sendall(single(1_000_000 * worker + number))
                (status, _), = answers(connection, 1)
                assert status == 201
                acknowledged[worker] += 1
                number += 1

    workers = [threading.Thread(target=work, args=(worker,)) for worker in range(len(acknowledged))]
    for worker in workers:
        worker.start()
    while sum(acknowledged) < 1000:
        time.sleep(0.01)
    server.stop()
    for worker in workers:
        worker.join()
    server.start()
    # At most one of each worker was counted after its connection had closed.
    assert sum(acknowledged) <= server.api.usage("acme", "call") <= sum(acknowledged) + len(workers)
