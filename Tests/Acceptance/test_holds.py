"""`POST /usage/reserve` and what becomes of a reservation: held units count as used; none is lost or given twice."""

import random
from collections import Counter

import pytest

from api import event
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


def settled_by(hold: dict, quantity: int, company: str = "acme", name: str = "export", **more) -> dict:
    made = event(name, company, quantity, **more)
    made["body"]["reservation_id"] = hold["id"]
    return made


def test_an_event_settles_a_reservation(ten):
    """Less returns the rest, 0 returns all, more is recorded in full; what is over is plain use."""
    less, none, more = (ten.reserve("acme", "export", quantity) for quantity in (4, 5, 1))
    ten.track(settled_by(less, 3, key="once"), settled_by(none, 0), settled_by(more, 2))
    for hold, used in [(less, 3), (none, 0), (more, 2)]:
        answer = ten.get(f"/usage/reservations/{hold['id']}")
        assert numbers(answer) == ("committed", hold["quantity"], used, 5, 0, 5)
    assert ten.batch(settled_by(less, 3, key="once"))["duplicates"] == 1
    assert ten.commit(less, 3)["committed"] == 3
    answer = ten.send("PUT", f"/usage/reservations/{less['id']}/release")
    assert answer.status_code == 422

    ten.track(settled_by(less, 1), settled_by({"id": "hold_unknown"}, 1), settled_by({"id": "rsv-1"}, 0))
    assert ten.usage("acme", "export") == 7
    rejected = ten.batch(settled_by(less, -1), event("export", "acme", 0))["rejected"]
    assert [row["error"] for row in rejected] == [
        "quantity must be 0 or more with a reservation_id, not -1", "quantity must not be 0"]
    open_hold = ten.reserve("acme", "export", 2)
    ten.company("other")
    ten.track(settled_by(open_hold, 1, company="other"), settled_by(open_hold, 1, name="import"))
    assert ten.get(f"/usage/reservations/{open_hold['id']}")["status"] == "held"
    ten.clock(A_MINUTE_LATER)
    ten.track(settled_by(open_hold, 1))
    assert numbers(ten.get(f"/usage/reservations/{open_hold['id']}")) == ("expired", 2, None, 8, 0, 2)


RESERVATION = [
    "id", "company_id", "credit_type_id", "consumption_rate", "credits_reserved", "quantity_reserved", "event_subtype",
    "expires_at"]


def check_and_reserve(api, flag: str = "export", company: str = "acme", **fields) -> dict:
    return api.post(f"/flags/{flag}/check-and-reserve", {"company": {"id": company}, **fields})


def test_a_check_reserves_what_fits(server, ten):
    held = check_and_reserve(ten, quantity=6, idempotency_key="once")
    assert (held["value"], held["rule_type"], held["feature_usage"], held["feature_allocation"]) == (
        True, "plan_entitlement", 0, 10)
    reservation = held["reservation"]
    assert list(reservation) == RESERVATION
    assert [reservation[name] for name in RESERVATION[2:]] == ["", 1, 0, 6, "export", A_MINUTE_LATER]
    assert check_and_reserve(ten, quantity=6, idempotency_key="once") == held
    refused = check_and_reserve(ten, quantity=5, preflight={"usage": 1})
    assert (refused["value"], refused["reservation"], refused["rule_type"]) == (
        False, None, "plan_entitlement_usage_exceeded")
    later = "2026-03-04T12:30:00Z"
    exact = check_and_reserve(ten, quantity=4.0, expires_at=later)
    assert (exact["value"], exact["reservation"]["expires_at"]) == (True, later)
    assert check_and_reserve(ten)["value"] is False
    server.kill()
    server.start()
    api = server.api
    assert check_and_reserve(api, quantity=6, idempotency_key="once") == held
    assert numbers(api.commit(reservation, 2)) == ("committed", 6, 2, 2, 4, 4)
    assert check_and_reserve(api, quantity=6, idempotency_key="once") == held, "the first answer, also after its end"
    api.track(settled_by(exact["reservation"], 3))
    assert api.usage("acme", "export") == 5


@pytest.mark.parametrize("fields, status, sentence", [
    ({"quantity": 0}, 400, "quantity must be between 1"), ({"quantity": 1.5}, 400, "must be a whole number, not 1.5"),
    ({"quantity": "many"}, 400, "quantity must be a decimal"),
    ({"quantity": 10**20}, 400, "quantity must be a whole number"),
    ({"expires_at": NOW}, 400, "expires_at must be later than"), ({"flag": "nothing"}, 404, "does not exist"),
    ({"preflight": {"usage": -1}}, 400, "preflight usage cannot be negative"),
    ({"idempotency_key": "k" * 257}, 400, "idempotency_key is longer than 256 bytes"),
])
def test_a_check_that_cannot_reserve_says_why(ten, fields, status, sentence):
    flag = fields.pop("flag", "export")
    answer = ten.send("POST", f"/flags/{flag}/check-and-reserve", {"company": {"id": "acme"}, **fields})
    assert (answer.status_code, sentence in answer.json()["error"]) == (status, True), answer.text


def test_seats_are_reserved_consumed_and_settled(server, ten):
    seats = ten.seats()
    api = ten
    company = api.subscribed("beta", api.free_plan("Seats", (seats, {"value_type": "numeric", "value_numeric": 5})))

    def taken() -> int:
        return int(api.get(f"/companies/{company['id']}")["traits"].get("seats_used", 0))
    consume = {"company": {"id": "beta"}, "feature": "seats", "quantity": 2}
    consumed = api.post("/usage/consume", {**consume, "idempotency_key": "k"})
    assert (consumed["allowed"], consumed["usage"], consumed["remaining"], consumed["reset_at"]) == (True, 2, 3, None)
    assert api.post("/usage/consume", {**consume, "idempotency_key": "k"}) == consumed and taken() == 2
    held = api.post("/usage/reserve", {**consume, "quantity": 3})
    assert numbers(held) == ("held", 3, None, 2, 3, 0)
    assert api.usage_row("beta", "seats")["access"] is False
    assert api.post("/usage/consume", consume)["reason"] == "Usage limit reached: 2 of 5 used, 3 held, 2 requested"
    assert check_and_reserve(api, "seats", "beta")["value"] is False
    server.kill()
    server.start()
    api = server.api
    assert numbers(api.commit(held, 1)) == ("committed", 3, 1, 3, 0, 2) and taken() == 3
    checked = check_and_reserve(api, "seats", "beta", quantity=2)
    assert (checked["value"], checked["reservation"]["event_subtype"]) == (True, "seats")
    api.track(settled_by(checked["reservation"], 2, "beta", "seats"))
    server.kill()
    server.start()
    api = server.api
    assert taken() == 5 and api.check("seats", "beta")["value"] is False


def test_whatever_kills_the_server_an_event_settles_once(server, ten, rng):
    """Settling events, sent again after each kill as a client would: counted once, and every hold ends."""
    used, holds = 0, []
    for turn in range(5):
        held = server.api.reserve("acme", "export", 2)
        if not held["allowed"]:
            break
        quantity = rng.randint(0, 2)
        batch = {"events": [settled_by(held, quantity, key=f"settle-{turn}")]}
        if rng.random() < 0.5:
            server.api.post("/batch", batch)
        server.kill()
        server.start()
        answer = server.api.post("/batch", batch)
        assert answer["accepted"] + answer["duplicates"] == 1
        used += quantity
        state = server.api.get(f"/usage/reservations/{held['id']}")
        assert numbers(state) == ("committed", 2, quantity, used, 0, 10 - used)
    server.stop()
    server.verify()
