"""More than can be served: memory stays bounded, who comes too much is told so, and what was accepted is kept."""

import contextlib
import json
import resource
import socket
import threading
import time

import pytest

from api import Api, event
from disk import HANG
from server import SECRET_KEY, Server

pytestmark = pytest.mark.alone

COMPANY = "acme"
PATIENCE = 120
# A body of 16 MB in a thousand events, none of them with a key: each request that is accepted counts a thousand.
EVENTS = 1000
BODY = json.dumps({"events": [event("call", COMPANY, traits={}) | {
    "body": {"event": "call", "company": {"id": COMPANY}, "traits": {"x": "y" * 15_900}}}] * EVENTS}).encode()
# What the documentation says may be in memory: bodies that arrive, what waits, what is being written and LMDB's copy of
# it, a scanner with room for a body on each thread; and the process itself.
MEBIBYTES = 512 + 256 + 2 * 256 + 8 * 48 + 200


@pytest.fixture
def server(tmp_path, disk):
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    # As a shell may start it; the server raises what it may raise.
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(soft, 256), hard))
    try:
        server = Server(tmp_path / "data", preload=disk.preload).start()
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    plan = server.api.free_plan(
        "Free", (server.api.feature("call"), {"value_type": "numeric", "value_numeric": 10**12}))
    server.api.subscribed(COMPANY, plan)
    yield server
    resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
    disk.work()
    if server.running:
        server.stop()
    server.verify()


def connect(server: Server) -> socket.socket:
    host, port = server.url.removeprefix("http://").split(":")
    return socket.create_connection((host, int(port)), timeout=PATIENCE)


def head(path: str, length: int) -> bytes:
    return (f"POST {path} HTTP/1.1\r\nHost: localhost\r\nX-Schematic-Api-Key: {SECRET_KEY}\r\n"
            f"Content-Type: application/json\r\nContent-Length: {length}\r\n\r\n").encode()


def resident(server: Server) -> int:
    """Mebibytes of memory that are the process's own: not the pages of its file."""
    with open(f"/proc/{server.process.pid}/status") as status:
        (line,) = [line for line in status if line.startswith("RssAnon:")]
    return int(line.split()[1]) // 1024


def expect_slow_down(answer):
    assert answer.status_code == 429, f"{answer.status_code} {answer.text[:500]}"
    assert answer.headers["retry-after"] == "1"
    assert "try again" in answer.json()["error"]


def test_ten_times_more_than_is_served(server, disk):
    """The disk stands still, so nothing is served at all, and forty clients do not care."""
    over, accepted, refused, faults = threading.Event(), [], [], []

    def offer():
        api = Api(server.url, SECRET_KEY)
        try:
            while not over.is_set():
                answer = api.send("POST", "/batch", content=BODY)
                if answer.is_success:
                    assert answer.json()["data"]["accepted"] == EVENTS
                    accepted.append(EVENTS)
                else:
                    expect_slow_down(answer)
                    refused.append(EVENTS)
        except BaseException as fault:
            faults.append(fault)
        finally:
            api.close()

    disk.fail(HANG, 0)
    clients = [threading.Thread(target=offer) for _ in range(40)]
    for client in clients:
        client.start()
    largest, ends = 0, time.monotonic() + PATIENCE
    while len(refused) < 60 and not faults and time.monotonic() < ends:
        assert server.api.check("call", COMPANY)["value"] is True, "checks go on"
        largest = max(largest, resident(server))
        time.sleep(0.02)
    assert not faults, faults[0]
    assert len(refused) >= 60 and not accepted

    over.set()
    released = time.monotonic()
    disk.work()
    for client in clients:
        client.join()
    assert not faults, faults[0]
    began = time.monotonic()
    server.api.track(event("call", COMPANY))
    print(f"{len(accepted)} bodies accepted, {len(refused)} told to slow down, {largest} MiB; all answered after "
          f"{began - released:.1f} s, the next event after {time.monotonic() - began:.2f} s more")
    assert time.monotonic() - began < 5, "service is back at once"
    assert server.api.usage(COMPANY, "call") == sum(accepted) + 1, "what was accepted is there, and nothing else"
    assert largest < MEBIBYTES


def test_bodies_that_stand_still_are_bounded_and_stop_nobody_else(server):
    with contextlib.ExitStack() as stack:
        held = []

        def stall():
            connection = stack.enter_context(connect(server))
            with contextlib.suppress(OSError):
                connection.sendall(head("/batch", len(BODY)))
                connection.sendall(memoryview(BODY)[:-1])
            held.append(connection)

        stalled = [threading.Thread(target=stall) for _ in range(40)]
        for thread in stalled:
            thread.start()
        for thread in stalled:
            thread.join()
        expect_slow_down(server.api.send("POST", "/batch", content=BODY))
        assert resident(server) < 900
        # Whoever asks for less does not notice.
        for _ in range(20):
            server.api.track(event("call", COMPANY))
            assert server.api.check("call", COMPANY)["value"] is True
            assert server.api.consume(COMPANY, "call")["allowed"] is True
    ends = time.monotonic() + 10
    while not (answer := server.api.send("POST", "/batch", content=BODY)).is_success and time.monotonic() < ends:
        time.sleep(0.05)
    assert answer.is_success, "memory comes back when the clients go"


def test_idle_slow_and_deaf_clients_do_not_stop_others(server):
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    with open(f"/proc/{server.process.pid}/limits") as limits:
        (line,) = [line for line in limits if line.startswith("Max open files")]
    assert line.split()[3] == line.split()[4], "the server raises its limit of open files as far as it may"
    idle = min(5000, hard - 700)
    with contextlib.ExitStack() as stack:
        for _ in range(idle):
            stack.enter_context(connect(server))
        slow = [stack.enter_context(connect(server)) for _ in range(200)]
        for connection in slow:
            connection.sendall(head("/events", 1000) + b"{")
        # They ask and ask, and never read an answer.
        for _ in range(3):
            deaf = stack.enter_context(connect(server))
            deaf.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
            deaf.settimeout(0.3)
            body = json.dumps({"company": {"id": COMPANY}}).encode()
            with contextlib.suppress(TimeoutError):
                while True:
                    deaf.sendall((head("/flags/call/check", len(body)) + body) * 100)
        began = time.monotonic()
        for number in range(50):
            assert server.api.check("call", COMPANY)["value"] is True
            server.api.track(event("call", COMPANY, key=f"{number}"))
            for connection in slow:
                connection.sendall(b" ")
        took = time.monotonic() - began
        print(f"{idle} idle connections: 50 checks and 50 events in {took:.2f} s")
        assert took < 30
    assert server.api.usage(COMPANY, "call") == 50
