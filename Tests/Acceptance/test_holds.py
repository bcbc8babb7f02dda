"""`POST /usage/reserve` and what becomes of a reservation: held units count as used; none is lost or given twice."""

import random
from collections import Counter

import pytest

from test_consume import exports, in_parallel, limited  # noqa: F401: a fixture

NOW, A_MINUTE_LATER = "2026-03-04T12:00:00Z", "2026-03-04T12:01:00Z"
FIELDS = [
    "allowed", "id", "status", "quantity", "committed", "usage", "reserved", "allocation", "remaining", "expires_at",
    "reason"]


@pytest.fixture
def ten(api, exports):  # noqa: F811
    """Ten exports for one company, and a clock that stands still."""
    api.clock(NOW)
    limited(api, exports, 10)
    return api


def numbers(answer: dict) -> tuple:
    assert list(answer) == FIELDS
    return tuple(answer[name] for name in ("status", "quantity", "committed", "usage", "reserved", "remaining"))


def test_a_reservation_is_committed_in_part(ten):
    held = ten.reserve("acme", "export", 6)
    assert numbers(held) == ("held", 6, None, 0, 6, 4)
    assert (held["allowed"], held["allocation"], held["expires_at"]) == (True, 10, A_MINUTE_LATER)
    assert ten.usage("acme", "export") == 0
    refused = ten.reserve("acme", "export", 5)
    assert numbers(refused) == (None, 5, None, 0, 6, 4)
    assert (refused["allowed"], refused["id"], refused["expires_at"]) == (False, None, None)
    assert refused["reason"] == "Usage limit reached: 0 of 10 used, 6 held, 5 requested"
    consumed = ten.consume("acme", "export", 4)
    assert (consumed["allowed"], consumed["usage"], consumed["reserved"], consumed["remaining"]) == (True, 4, 6, 0)
    assert ten.check("export", "acme")["value"] is False

    committed = ten.commit(held, 2)
    assert numbers(committed) == ("committed", 6, 2, 6, 0, 4)
    assert ten.consume("acme", "export", 1)["usage"] == 7
    assert ten.commit(held, 2) == committed, "the first answer"
    assert numbers(ten.get(f"/usage/reservations/{held['id']}")) == ("committed", 6, 2, 7, 0, 3)
    for path, body in [("commit", {"quantity": 3}), ("commit", {"quantity": 7}), ("release", {})]:
        answer = ten.send("PUT", f"/usage/reservations/{held['id']}/{path}", body)
        assert answer.status_code == 422, answer.text
        assert answer.json()["error"]


def test_a_reservation_is_released_or_expires_once(server, ten):
    released, expiring = ten.reserve("acme", "export", 3), ten.reserve("acme", "export", 4)
    longer = ten.reserve("acme", "export", 2, expires_at="2026-03-04T13:00:00Z")
    answer = ten.release(released)
    assert numbers(answer) == ("released", 3, None, 0, 6, 4)
    assert ten.release(released) == answer
    server.restart()
    api = server.api
    assert api.consume("acme", "export", 5)["allowed"] is False
    api.clock("2026-03-04T12:00:59.999Z")
    assert numbers(api.get(f"/usage/reservations/{expiring['id']}")) == ("held", 4, None, 0, 6, 4)
    api.clock(A_MINUTE_LATER)
    assert numbers(api.get(f"/usage/reservations/{expiring['id']}")) == ("expired", 4, None, 0, 2, 8)
    for path in ["commit", "release"]:
        answer = api.send("PUT", f"/usage/reservations/{expiring['id']}/{path}", {"quantity": 0})
        assert answer.status_code == 422 and "expired at 2026-03-04T12:01:00" in answer.text, answer.text
    server.restart()
    assert numbers(server.api.commit(longer, 2)) == ("committed", 2, 2, 2, 0, 8)
    assert server.api.consume("acme", "export", 8)["allowed"] is True


def test_fits_sees_what_is_held(ten):
    ten.reserve("acme", "export", 6)
    for fits, value in [(0, True), (4, True), (5, False)]:
        body = {"company": {"id": "acme"}, "preflight": {"fits": fits}}
        assert ten.post("/flags/export/check", body)["value"] is value


def test_a_key_makes_one_reservation(ten):
    first = ten.reserve("acme", "export", 6, idempotency_key="once")
    assert ten.reserve("acme", "export", 6, idempotency_key="once") == first
    assert ten.get(f"/usage/reservations/{first['id']}")["reserved"] == 6
    for path in ["/usage/reserve", "/usage/consume"]:
        body = {"company": {"id": "acme"}, "event": "export", "quantity": 1, "idempotency_key": "once"}
        assert ten.send("POST", path, body).status_code == 422


def test_64_threads_hold_commit_and_release(server, ten, rng):
    def work(api, seed: int) -> int:
        own = random.Random(seed)
        held = api.reserve("acme", "export", own.randint(1, 4))
        assert held["usage"] + held["reserved"] <= 10
        if not held["allowed"]:
            return 0
        if own.random() < 0.8:
            api.release(held)
            return 0
        return api.commit(held, own.randint(0, 1))["committed"]

    used = sum(in_parallel(server, [rng.randrange(2**32) for _ in range(640)], work))
    left = ten.reserve("acme", "export", 10 - used) if used < 10 else ten.reserve("acme", "export", 1)
    assert left["allowed"] is (used < 10)
    assert ten.usage("acme", "export") == used
    server.stop()
    server.verify()


def test_whatever_kills_the_server_no_hold_is_lost(server, ten, rng):
    """Reservations, their ends, and kills in turns: what was told is so afterwards."""
    told = Counter()
    holds = {}
    for turn in range(6):
        for number in range(rng.randint(1, 4)):
            key = f"{turn}-{number}"
            held = server.api.reserve("acme", "export", 1, idempotency_key=key)
            if held["allowed"]:
                holds[key] = held
        for key in rng.sample(sorted(holds), len(holds) // 2):
            held = holds.pop(key)
            if rng.random() < 0.5:
                told["used"] += server.api.commit(held, 1)["committed"]
            else:
                server.api.release(held)
        server.kill()
        server.start()
        answer = server.api.consume("acme", "export", 11)
        assert (answer["usage"], answer["reserved"]) == (told["used"], len(holds))
    server.api.clock(A_MINUTE_LATER)
    assert server.api.consume("acme", "export", 11)["reserved"] == 0
    server.stop()
    server.verify()
