"""Request rates for each API key: off unless asked for, and never for the product's own traffic."""

import pytest

from api import event
from server import Server, tollgate


@pytest.fixture
def limited(tmp_path):
    server = Server(tmp_path / "data", options=["--rate-limit-writes", "3", "--rate-limit-reads", "5"]).start()
    yield server
    server.stop()
    server.verify()


def test_writes_and_reads_are_limited_for_each_key(limited):
    api = limited.api
    other = api.with_key(api.post("/api-keys", {"name": "other", "kind": "secret"})["key"])
    answers = [api.send("POST", "/companies", {"keys": {"id": f"c{n}"}}) for n in range(20)]
    refused = [answer for answer in answers if answer.status_code == 429]
    assert len(refused) >= 10 and all(answer.headers["Retry-After"] == "1" for answer in refused)
    assert refused[0].json()["error"] == (
        "this API key may make 3 writes a second, and has made more; try again in a second")
    assert [other.send("POST", "/companies", {"keys": {"id": "o"}}).status_code for _ in range(3)] == [200] * 3
    statuses = [api.send("GET", "/companies").status_code for _ in range(20)]
    assert statuses[:5] == [200] * 5 and statuses.count(429) >= 10


def test_checks_events_and_consumes_are_not(limited):
    api = limited.api
    api.feature("call")
    for _ in range(30):
        assert api.send("POST", "/flags/call/check", {"company": {"id": "acme"}}).status_code == 200
        assert api.send("POST", "/flags/check", {}).status_code == 201
        assert api.send("POST", "/batch", {"events": [event("call", "acme", 1)]}).status_code == 200
        assert api.send("POST", "/usage/consume", {"company": {"id": "acme"}, "event": "call"}).status_code == 200
        assert api.send("POST", "/usage/reserve", {"company": {"id": "acme"}, "event": "call", "quantity": 1}
                        ).status_code == 200
    assert api.http.get("/health").status_code == 200


def test_without_the_options_there_is_no_limit(api):
    assert {api.send("GET", "/companies").status_code for _ in range(200)} == {200}


@pytest.mark.parametrize("rate", ["0", "-1", "x"])
def test_a_rate_is_a_positive_number(tmp_path, rate):
    tollgate("serve", "--data", str(tmp_path / "data"), f"--rate-limit-reads={rate}", expected=64)
