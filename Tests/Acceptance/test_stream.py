"""Streams message by message: what is told to whom and when, who may listen, and how hostile clients fare."""

import contextlib
import socket
import struct
import threading
import time

import pytest
from websockets.exceptions import ConnectionClosed

from api import event
from server import SECRET_KEY
from stream import PATIENCE, Stream

PER_MONTH = {"value_type": "numeric", "metric_period": "current_month"}
BAD_KEY, GOING_AWAY, PROTOCOL_ERROR, TOO_LARGE = 4001, 1001, 1002, 1009


@pytest.fixture
def call(api):
    return api.feature("call")


@pytest.fixture
def acme(api, call):
    return api.subscribed("acme", api.free_plan("Plan", (call, {**PER_MONTH, "value_numeric": 10})))


@pytest.fixture
def stream(server):
    with Stream(server.url) as stream:
        yield stream


def publishable(api) -> str:
    return api.post("/api-keys", {"name": "browser", "kind": "publishable"})["key"]


def close_code(stream: Stream) -> int:
    with pytest.raises(ConnectionClosed) as closed:
        while True:
            stream.socket.recv(timeout=PATIENCE)
    return closed.value.rcvd.code


def names(partial: dict) -> set:
    return set(partial)


# Server SDKs ---------------------------------------------------------------------------------------------------------

def test_what_changes_is_told_and_nothing_else(api, acme, call, stream):
    assert [flag["key"] for flag in stream.ask("start", "Flags")["data"]] == ["call"]
    full = stream.ask("start", "Company", id="acme")
    assert (full["message_type"], full["entity_id"], full["data"]["keys"]) == ("full", acme["id"], {"id": "acme"})
    assert [metric["value"] for metric in full["data"]["metrics"]] == [0]

    api.track(event("call", "acme", 3))
    partial = stream.hear_of("Company", "partial")
    assert names(partial) == {"metrics", "entitlements"}
    assert [metric["value"] for metric in partial["metrics"]] == [3]
    assert [entitlement["usage"] for entitlement in partial["entitlements"]] == [3]

    override = api.post("/company-overrides", {
        "company_id": acme["id"], "feature_id": call["id"], "value_type": "numeric", "value_numeric": 50})
    partial = stream.hear_of("Company", "partial")
    assert names(partial) == {"rules", "entitlements"}
    assert partial["entitlements"][0]["allocation"] == 50
    api.delete(f"/company-overrides/{override['id']}")
    assert stream.hear_of("Company", "partial")["entitlements"][0]["allocation"] == 10

    api.subscribe(acme, api.plan("Pro", [(call, {**PER_MONTH, "value_numeric": 99})], monthly_price=900))
    moved = stream.hear_of("Company", "full")
    assert moved["entitlements"][0]["allocation"] == 99 and moved["subscription"]["id"]

    api.post("/companies", {"keys": {"id": "acme", "crm": "7"}, "traits": {"region": "eu"}})
    assert stream.hear_of("Company", "full")["keys"] == {"id": "acme", "crm": "7"}
    api.post("/company-traits", {"keys": {"id": "acme"}, "trait": "region", "set": "us"})
    assert names(stream.hear_of("Company", "partial")) == {"traits"}

    # What is not followed, and what changes nothing, is not told.
    api.company("other")
    api.track(event("call", "other", 3), event("unmetered", "acme"))
    api.post("/companies", {"keys": {"id": "acme"}, "name": "Acme Inc."})
    assert stream.is_silent()

    api.delete(f"/companies/{acme['id']}?cancel_subscription=true")
    gone = stream.hear_of("Company", "delete")
    assert (gone["id"], gone["keys"]) == (acme["id"], {"id": "acme", "crm": "7"})


def test_flags_are_told_one_by_one_as_they_change(api, call, stream, server):
    stream.ask("start", "Flags")
    with Stream(server.url) as single:
        assert single.ask("start", "Flag", key="call")["data"]["key"] == "call"
        made = api.feature("new", feature_type="boolean")
        told = stream.hear_of("Flag", "full")
        assert (told["key"], told["rules"]) == ("new", [])
        flag = made["flags"][0]["id"]
        api.put(f"/flags/{flag}/rules", {"rules": [{
            "name": "all", "rule_type": "global_override", "priority": 1, "value": True, "conditions": [],
            "condition_groups": []}]})
        assert [rule["value"] for rule in stream.hear_of("Flag", "full")["rules"]] == [True]
        api.delete(f"/features/{made['id']}")
        assert stream.hear_of("Flag", "delete")["key"] == "new"
        assert single.is_silent(0)
        assert [flag["key"] for flag in stream.ask("start", "Flags")["data"]] == ["call"]


def test_what_was_stopped_is_not_told(api, acme, call, stream):
    user = api.post("/users", {"keys": {"user_id": "wile"}, "traits": {"staff": True}})
    assert stream.ask("start", "User", user_id="wile")["data"]["traits"][0]["value"] == "true"
    stream.ask("start", "Company", id="acme")
    stream.ask("start", "Flags")
    api.post("/user-traits", {"keys": {"user_id": "wile"}, "trait": "staff", "set": "false"})
    assert stream.hear_of("User", "full")["traits"][0]["value"] == "false"
    nobody = {"user_id": "nobody"}
    for entity, keys in (("User", {"user_id": "wile"}), ("Company", {"id": "acme"}), ("Flags", {}), ("User", nobody)):
        stream.order("stop", entity, **keys)
    assert stream.ask("start", "Flag", key="none")["message_type"] == "error"
    api.track(event("call", "acme"))
    api.delete(f"/users/{user['id']}")
    api.feature("more")
    assert stream.is_silent()


def test_a_replicator_hears_of_every_company_and_user(api, acme, stream):
    for entity in ("Companies", "Users"):
        assert stream.ask("start", entity)["message_type"] == "full"
    api.track(event("call", "acme", 2))
    assert stream.hear_of("Company", "full")["metrics"][0]["value"] == 2
    made = api.company("new")
    assert stream.hear_of("Company", "full")["id"] == made["id"]
    api.post("/users", {"keys": {"user_id": "wile"}})
    assert stream.hear_of("User", "full")["keys"] == {"user_id": "wile"}
    api.delete(f"/companies/{made['id']}")
    assert stream.hear_of("Company", "delete")["id"] == made["id"]
    stream.order("stop", "Companies")
    stream.order("stop", "Users")
    assert stream.ask("start", "Company", id="none")["message_type"] == "error"
    api.track(event("call", "acme", 2))
    assert stream.is_silent()


def test_a_busy_company_costs_few_messages_and_the_last_one_is_right(api, acme, stream):
    stream.ask("start", "Company", id="acme")
    for _ in range(300):
        api.track(event("call", "acme"))
    messages = 0
    while True:
        messages += 1
        if stream.hear_of("Company", "partial")["metrics"][0]["value"] == 300:
            break
    assert messages <= 300
    assert stream.is_silent()


def test_what_changes_by_itself_is_told_when_it_does(api, acme, call, stream):
    """On the machine's clock: an override that expires and a hold that does."""
    stream.ask("start", "Company", id="acme")
    until = time.time() + 1.5
    stamp = time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(until)) + f".{int(until % 1 * 1000):03}Z"
    api.post("/company-overrides", {
        "company_id": acme["id"], "feature_id": call["id"], "value_type": "unlimited", "expiration_date": stamp})
    assert stream.hear_of("Company", "partial")["entitlements"][0]["allocation"] is None
    hold = api.reserve("acme", "call", 4, expires_at=stamp)
    assert hold["allowed"]
    held = stream.hear_of("Company", "partial")
    assert (held["metrics"][0]["value"], held["entitlements"][0]["usage"]) == (4, 0)
    ended = stream.hear_of("Company", "partial")
    assert abs(time.time() - until) < 1
    assert (ended["metrics"][0]["value"], ended["entitlements"][0]["allocation"]) == (0, 10)


def test_a_clock_that_is_moved_is_followed(api, call, stream):
    api.clock("2026-03-31T23:00:00Z")
    api.subscribed("acme", api.free_plan("Plan", (call, {**PER_MONTH, "value_numeric": 10})))
    api.track(event("call", "acme", 10))
    full = stream.ask("start", "Company", id="acme")["data"]
    assert (full["metrics"][0]["value"], full["metrics"][0]["valid_until"]) == (10, "2026-04-01T00:00:00Z")
    api.clock("2026-04-01T00:00:00Z")
    partial = stream.hear_of("Company", "partial")
    assert (partial["metrics"][0]["value"], partial["metrics"][0]["valid_until"]) == (0, "2026-05-01T00:00:00Z")


def test_mistakes_are_answered_and_the_stream_goes_on(api, acme, stream):
    stream.ask("start", "Flags")
    for mistake, sentence in [
        ("", "data is missing"), ("{", "the body is not JSON"), ("[]", "must be a JSON object"), (b"\xff\xfe", "JSON"),
        ({}, "data is missing"), ({"data": {}}, "action is missing"),
        ({"data": {"action": "begin", "entity_type": "rulesengine.Flags"}}, "data.action must be"),
        ({"data": {"action": "start", "entity_type": "rulesengine.Plan"}}, "data.entity_type must be"),
        ({"data": {"action": "start", "entity_type": "rulesengine.Company"}}, "must name at least one key"),
        ({"data": {"action": "start", "entity_type": "rulesengine.Company", "keys": {"id": 7}}}, "data.keys must be"),
        ({"data": {"action": "start", "entity_type": "rulesengine.Company", "keys": {"id": "nobody"}}}, "not found"),
        ({"data": {"action": "start", "entity_type": "rulesengine.User", "keys": {"id": "\0"}}}, "not found"),
        ("[" * 1000, "nested"),
    ]:
        stream.say(mistake)
        told = stream.hear()
        assert told["message_type"] == "error" and sentence in told["data"]["error"], (mistake, told)
    stream.order("start", "Company", id="nobody")
    told = stream.hear()["data"]
    assert (told["keys"], told["entity_type"]) == ({"id": "nobody"}, "rulesengine.Company")
    assert stream.ask("start", "Company", id="acme")["message_type"] == "full"


def test_keys_decide_who_may_listen(server, api, acme):
    browser = publishable(api)
    for path, key in [("/datastream", None), ("/datastream", "nobody"), ("/datastream", browser),
                      ("/flags/bootstrap", None), ("/flags/bootstrap?apiKey=nobody", None)]:
        with Stream(server.url, path, key) as stream:
            assert close_code(stream) == BAD_KEY, (path, key)
    made = api.post("/api-keys", {"name": "reader", "kind": "secret", "readonly": True})
    with Stream(server.url, key=made["key"]) as stream:
        assert stream.ask("start", "Company", id="acme")["message_type"] == "full"
        api.delete(f"/api-keys/{made['id']}")
        assert close_code(stream) == BAD_KEY


# Browsers ------------------------------------------------------------------------------------------------------------

def ask_about(stream: Stream, **context) -> dict:
    stream.say({"apiKey": "as in the address", "clientVersion": "schematic-js@1.0.0", "data": context})
    return stream.hear()


def values(message: dict) -> dict:
    return {flag["flag"]: flag["value"] for flag in message["flags"]}


def test_a_browser_hears_of_answers_that_change(server, api, acme, call):
    api.feature("sso", feature_type="boolean")
    with Stream(server.url, f"/flags/bootstrap?apiKey={publishable(api)}", None) as stream:
        told = ask_about(stream, company={"id": "acme"}, user={"user_id": "wile"})
        asked = api.post("/flags/check", {"company": {"id": "acme"}, "user": {"user_id": "wile"}})
        assert told["flags"] == asked["flags"]
        assert (values(told), told["plan"]["name"]) == ({"call": True, "sso": False}, "Plan")

        api.track(event("call", "acme", 10))
        told = stream.hear()
        assert (values(told), told["flags"][0]["feature_usage"]) == ({"call": False}, 10)
        assert "plan" not in told

        api.subscribe(acme, api.plan("Pro", [(call, {"value_type": "unlimited"})], monthly_price=900))
        told = stream.hear()
        assert (values(told), told["plan"]["name"]) == ({"call": True}, "Pro")

        # Keys that nobody has yet.
        told = ask_about(stream, company={"id": "later"})
        assert {flag["reason"] for flag in told["flags"]} == {"Company not found"} and "plan" not in told
        api.track(event("call", "acme", 10))
        assert stream.is_silent()
        later = api.company("later")
        assert {flag["company_id"] for flag in stream.hear()["flags"]} == {later["id"]}

        # Keys that name two.
        told = ask_about(stream, company={"id": "later", "crm": "7"})
        api.post("/companies", {"keys": {"crm": "7"}})
        assert "error" in stream.hear()
        for mistake in ({}, {"data": []}, {"data": {"company": "acme"}}):
            stream.say(mistake)
            assert "error" in stream.hear()
        assert values(ask_about(stream)) == {"call": False, "sso": False}


def test_browsers_of_any_origin_may_ask(server, api, acme):
    """What a browser sends before a call to another origin, and the call."""
    key = publishable(api)
    wanted = "content-type,x-schematic-api-key,x-schematic-client-version"
    for path in ("/flags/check", "/flags/call/check", "/e", "/batch"):
        answer = api.http.request("OPTIONS", path, headers={
            "Origin": "https://app.example", "Access-Control-Request-Method": "POST",
            "Access-Control-Request-Headers": wanted})
        assert answer.is_success and answer.headers["access-control-allow-origin"] == "*"
        assert answer.headers["access-control-allow-headers"] == wanted
        assert "POST" in answer.headers["access-control-allow-methods"]
    for path, given in (
            ("/flags/check", key), ("/flags/call/check", key), ("/flags/none/check", key), ("/flags/check", "no")):
        answer = api.with_key(given).send("POST", path, {"company": {"id": "acme"}}, headers={
            "Origin": "https://app.example", "X-Schematic-Client-Version": "schematic-js@1.0.0"})
        assert answer.headers["access-control-allow-origin"] == "*", (path, answer.text)


# Hostile clients -----------------------------------------------------------------------------------------------------

class Raw:
    """A socket after the handshake, for frames as no library makes them."""

    HANDSHAKE = {
        "Host": "localhost", "Upgrade": "websocket", "Connection": "keep-alive, Upgrade",
        "Sec-WebSocket-Key": "dGhlIHNhbXBsZSBub25jZQ==", "Sec-WebSocket-Version": "13",
        "X-Schematic-Api-Key": SECRET_KEY}

    def __init__(self, server, then: bytes = b"", path="/datastream", **fields):
        host, port = server.url.removeprefix("http://").split(":")
        self.socket = socket.create_connection((host, int(port)), timeout=PATIENCE)
        lines = {**self.HANDSHAKE, **{name.replace("_", "-"): value for name, value in fields.items()}}
        head = "".join(f"{name}: {value}\r\n" for name, value in lines.items() if value is not None)
        self.socket.sendall(f"GET {path} HTTP/1.1\r\n{head}\r\n".encode() + then)
        self.file = self.socket.makefile("rb")
        self.status = int(self.file.readline().split()[1])
        self.fields = {}
        while line := self.file.readline().strip():
            name, value = line.decode().split(": ", 1)
            self.fields[name.lower()] = value

    def send(self, opcode: int, payload: bytes = b"", first: int = 0x80, mask: bytes | None = b"\1\2\3\4", length=None):
        length = len(payload) if length is None else length
        size = bytes([length]) if length < 126 else b"\x7e" + struct.pack(">H", length) if length < 1 << 16 else (
            b"\x7f" + struct.pack(">Q", length))
        head = bytes([first | opcode, size[0] | (0x80 if mask else 0)]) + size[1:]
        body = payload if not mask else mask + bytes(byte ^ mask[at % 4] for at, byte in enumerate(payload))
        with contextlib.suppress(BrokenPipeError, ConnectionResetError):
            self.socket.sendall(head + body)

    def frame(self) -> tuple[int, bytes]:
        first, second = self.file.read(2)
        length = second & 0x7F
        if length > 125:
            length = int.from_bytes(self.file.read(2 if length == 126 else 8), "big")
        return first & 0xF, self.file.read(length)

    def close_code(self) -> int:
        while True:
            opcode, payload = self.frame()
            if opcode == 8:
                assert self.file.read() == b"", "the server must close after it has said so"
                return int.from_bytes(payload[:2], "big")


FLAGS = b'{"data": {"action": "start", "entity_type": "rulesengine.Flags"}}'


def test_the_handshake_is_that_of_the_rfc(server):
    raw = Raw(server)
    assert (raw.status, raw.fields["sec-websocket-accept"]) == (101, "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=")
    raw.send(1, FLAGS)
    assert raw.frame()[0] == 1
    raw.send(9, b"are you there")
    assert raw.frame() == (10, b"are you there")
    raw.send(8, struct.pack(">H", 1000))
    assert raw.close_code() == 1000
    for fields in ({"Upgrade": None}, {"Connection": None}, {"Sec_WebSocket_Version": "8"}, {"Sec_WebSocket_Key": None},
                   {"Upgrade": "h2c"}):
        raw = Raw(server, **fields)
        assert raw.status == 400, fields


@pytest.mark.parametrize("send,code", [
    (lambda raw: raw.send(1, FLAGS, mask=None), PROTOCOL_ERROR),
    (lambda raw: raw.send(1, FLAGS, first=0xC0), PROTOCOL_ERROR),
    (lambda raw: raw.send(3, FLAGS), PROTOCOL_ERROR),
    (lambda raw: raw.send(0, FLAGS), PROTOCOL_ERROR),
    (lambda raw: (raw.send(1, FLAGS, first=0), raw.send(1, FLAGS)), PROTOCOL_ERROR),
    (lambda raw: raw.send(9, b"x" * 126), PROTOCOL_ERROR),
    (lambda raw: raw.send(9, b"x", first=0), PROTOCOL_ERROR),
    (lambda raw: raw.send(1, b"x" * 70_000), TOO_LARGE),
    (lambda raw: raw.send(1, b"", length=1 << 40), TOO_LARGE),
    (lambda raw: raw.send(1, b"", length=(1 << 64) - 1), TOO_LARGE),
    (lambda raw: [raw.send(0 if n else 1, b"x" * 1000, first=0) for n in range(70)], TOO_LARGE),
], ids=["unmasked", "extension", "unknown", "continued", "interrupted", "long ping", "cut ping", "large", "huge",
        "greatest", "endless"])
def test_frames_that_may_not_be_end_the_stream(server, send, code):
    raw = Raw(server)
    send(raw)
    assert raw.close_code() == code


def test_messages_in_pieces_are_put_together(server):
    raw = Raw(server)
    for at in range(len(FLAGS) - 1):
        raw.send(0 if at else 1, FLAGS[at:at + 1], first=0)
        if at == 9:
            raw.send(9, b"in between")
    raw.send(0, FLAGS[-1:])
    assert raw.frame() == (10, b"in between")
    assert raw.frame()[0] == 1


def test_random_bytes_do_no_harm(server, api, acme, rng):
    for _ in range(60):
        raw = Raw(server, then=rng.randbytes(rng.choice([0, 1, 50])))
        assert raw.status == 101
        with contextlib.suppress(OSError):
            raw.socket.sendall(rng.randbytes(rng.choice([1, 2, 10, 1000, 100_000])))
            if rng.random() < 0.5:
                raw.socket.shutdown(socket.SHUT_WR)
        raw.socket.close()
    with Stream(server.url) as stream:
        assert stream.ask("start", "Company", id="acme")["message_type"] == "full"


def test_who_floods_waits_and_who_does_not_read_is_dropped(server, api, acme, stream):
    """Many questions are answered as they are read; pushes that nobody reads end the stream, and only that one."""
    questions = 20_000
    raw = Raw(server)
    question = b'{"data": {"action": "start", "entity_type": "rulesengine.Company", "keys": {"id": "acme"}}}'
    frame = bytearray(b"\x81" + bytes([0x80 | len(question)]) + b"\0\0\0\0" + question)
    sender = threading.Thread(target=lambda: raw.socket.sendall(bytes(frame) * questions))
    sender.start()
    time.sleep(1)
    assert api.get("/whoami") and stream.ask("start", "Flags")["message_type"] == "full"
    for _ in range(questions):
        assert raw.frame()[0] == 1
    sender.join()

    def dropped() -> int:
        text = api.http.get("/metrics").text
        return int(text.split('tollgate_streams_dropped_total{reason="backlog"} ')[1].split()[0])

    # A hundred companies with 16 kB of traits each, all of which a change of the trait's type concerns.
    for number in range(100):
        api.post("/companies", {"keys": {"id": f"author-{number}"}, "traits": {"essay": "x" * 16_000}})
        raw.send(1, question.replace(b"acme", b"author-%d" % number))
        assert raw.frame()[0] == 1
    trait = api.get("/entity-trait-definitions")[0]
    assert trait["hierarchy"] == ["essay"]
    with Stream(server.url) as reader:
        reader.ask("start", "Company", id="author-0")
        for number in range(100):
            api.put(f"/entity-trait-definitions/{trait['id']}", {"trait_type": ("boolean", "url")[number % 2]})
            # Two changes in one round would come to none.
            assert reader.hear_of("Company", "partial")["traits"]
            if dropped():
                break
    assert dropped() == 1
    stream.ask("start", "Company", id="acme")
    api.track(event("call", "acme"))
    assert stream.hear_of("Company", "partial")["metrics"]


def test_a_stop_of_the_server_says_goodbye_and_metrics_count_what_is_open(server, api, acme, stream):
    stream.ask("start", "Company", id="acme")
    with Stream(server.url, f"/flags/bootstrap?apiKey={SECRET_KEY}", None) as browser:
        ask_about(browser, company={"id": "acme"})
        metrics = api.http.get("/metrics").text
        for line in ('tollgate_streams{path="/datastream"} 1', 'tollgate_streams{path="/flags/bootstrap"} 1',
                     "tollgate_stream_companies 1"):
            assert line in metrics.splitlines(), line
    deaf = Raw(server)
    began = time.monotonic()
    server.stop()
    assert time.monotonic() - began < 20, "one client that says nothing holds the server up"
    assert close_code(stream) == GOING_AWAY and deaf.close_code() == GOING_AWAY
