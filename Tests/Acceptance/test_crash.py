"""kill -9 at random moments: what was acknowledged is there, nothing counts twice, a close gives the same invoices."""

import os
import shutil
import threading
import time
from collections import Counter

import httpx
import pytest

from api import Api, event
from server import Server

CRASHES = int(os.environ.get("TOLLGATE_CRASHES", 3))
START = "2026-03-01T00:00:00Z"


# A load of events ----------------------------------------------------------------------------------------------------

LOADERS, COMPANIES, BATCHES, BATCH = 4, 20, 240, 50


def load(rng) -> list:
    """Batches of events with keys of their own, spread over the companies."""
    made, serial = [], 0
    for _ in range(BATCHES):
        batch = []
        for _ in range(BATCH):
            serial += 1
            batch.append(event("call", f"company-{rng.randrange(COMPANIES)}", rng.randint(1, 9), key=f"event-{serial}"))
        made.append(batch)
    return made


def total(batches: list) -> Counter:
    sums = Counter()
    for batch in batches:
        for sent in batch:
            sums[sent["body"]["company"]["id"]] += sent["body"]["quantity"]
    return sums


class Loaders:
    """Threads that send batches until all are sent or the server is gone. `acknowledged` holds what was answered."""

    def __init__(self, server: Server, batches: list):
        self.acknowledged, self.refused = [], []
        shares = [batches[index::LOADERS] for index in range(LOADERS)]
        self.threads = [threading.Thread(target=self._send, args=(server.url, server.key, share)) for share in shares]
        for thread in self.threads:
            thread.start()

    def _send(self, url: str, key: str, batches: list):
        api = Api(url, key)
        try:
            for batch in batches:
                api.post("/batch", {"events": batch})
                self.acknowledged.append(batch)
        except httpx.TransportError:
            pass  # the server was killed
        except AssertionError as error:
            self.refused.append(error)
        finally:
            api.close()

    def wait_for(self, count: int):
        """Until so many batches are acknowledged, or all threads have ended."""
        while len(self.acknowledged) < count and any(thread.is_alive() for thread in self.threads):
            time.sleep(0.001)

    def join(self):
        for thread in self.threads:
            thread.join()
        assert not self.refused, self.refused[0]


def test_every_event_counts_exactly_once_whatever_kills_the_server(server, rng):
    plan = server.api.free_plan("Free", (server.api.feature("call"), {"value_type": "unlimited"}))
    for index in range(COMPANIES):
        server.api.subscribed(f"company-{index}", plan)
    batches, acknowledged = load(rng), {}

    for crash in range(CRASHES):
        loaders = Loaders(server, rng.sample(batches, len(batches)))
        loaders.wait_for(rng.randint(1, BATCHES // 2))
        time.sleep(rng.uniform(0, 0.02))
        server.kill()
        loaders.join()
        acknowledged |= {batch[0]["idempotency_key"]: batch for batch in loaders.acknowledged}
        print(f"crash {crash + 1}: killed after {len(loaders.acknowledged)} batches, {len(acknowledged)} so far")

        server.start()
        counted = usages(server)
        promised = total(list(acknowledged.values()))
        lost = {key: (counted[key], promised[key]) for key in promised if counted[key] < promised[key]}
        assert not lost, f"acknowledged events are gone: {lost}"

    loaders = Loaders(server, batches)
    loaders.join()
    assert len(loaders.acknowledged) == BATCHES
    assert usages(server) == total(batches)
    for batch in rng.sample(batches, 10):
        sent = rng.choice(batch)
        (row,) = server.api.get("/events", idempotency_key=sent["idempotency_key"])
        assert row["quantity"] == sent["body"]["quantity"]

    server.restart()
    assert usages(server) == total(batches)


def usages(server) -> Counter:
    return Counter({f"company-{index}": server.api.usage(f"company-{index}", "call") for index in range(COMPANIES)})


# A close -------------------------------------------------------------------------------------------------------------

SUBSCRIBED = 220
TARGET = "2026-04-15T12:00:00Z"


@pytest.fixture
def before_the_close(tmp_path, rng):
    """The directory of a stopped server with 220 subscribed companies, most with usage, none closed yet."""
    server = Server(tmp_path / "before").start()
    server.api.clock(START)
    plan = server.api.plan("Metered", [(server.api.feature("call"), {
        "value_type": "unlimited", "price_behavior": "tier", "tier_mode": "graduated", "monthly_price_tiers": [
            {"up_to": 100, "per_unit_price": 10}, {"per_unit_price_decimal": "2.5"}]})], monthly_price=1000)
    zones = ["UTC", "America/New_York", "Asia/Kolkata"]
    for index in range(SUBSCRIBED):
        server.api.subscribed(f"company-{index}", plan, timezone=zones[index % len(zones)])
    used = [index for index in range(SUBSCRIBED) if index % 7]
    server.api.track(*[event("call", f"company-{index}", rng.randint(1, 1000)) for index in used])
    server.stop()
    return server.data


def copy(data, name: str) -> Server:
    target = data.with_name(name)
    shutil.copytree(data, target)
    return Server(target)


def test_a_close_that_is_killed_anywhere_gives_the_same_invoices(before_the_close, rng):
    calm = copy(before_the_close, "calm").start()
    began = time.monotonic()
    calm.api.clock(TARGET)
    seconds = time.monotonic() - began
    expected = calm.api.invoices()
    calm.stop()
    calm.verify()
    assert len(expected) == 2 * SUBSCRIBED and all(invoice["status"] == "open" for invoice in expected)

    killed = copy(before_the_close, "killed")
    for crash in range(CRASHES):
        killed.start()
        mover = threading.Thread(target=move_clock, args=(killed,))
        mover.start()
        patience = rng.uniform(0, seconds)
        time.sleep(patience)
        killed.kill()
        mover.join()
        print(f"crash {crash + 1}: killed {patience * 1000:.1f} ms into a close of {seconds * 1000:.1f} ms")
    killed.start()
    killed.api.clock(TARGET)
    found = killed.api.invoices()
    killed.stop()
    killed.verify()
    assert [invoice["number"] for invoice in found] == [invoice["number"] for invoice in expected]
    assert found == expected


def move_clock(server: Server):
    api = Api(server.url, server.key)
    try:
        api.send("PUT", "/test-clock", {"now": TARGET})
    except httpx.TransportError:
        pass  # the server was killed
    finally:
        api.close()
