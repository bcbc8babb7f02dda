"""Bad input of every kind gets a 4xx with a sentence, and the server goes on."""

import json

import pytest

from api import event

MIB = 1024 * 1024
NOW = "2026-03-15T12:00:00Z"


@pytest.fixture(scope="module")
def world(shared_server):
    """Ids for the tables to name: `{plan}` in a path or body stands for that of a real plan, and so on."""
    api = shared_server.api
    api.clock(NOW)
    call, sso = api.feature("call"), api.feature("sso", feature_type="boolean")
    plan = api.plan("Plan", [(call, {"value_type": "numeric", "value_numeric": 10})], monthly_price=1000)
    draft = api.plan("Draft", monthly_price=1000, publish=False)
    acme = api.subscribed("acme", plan)
    return {
        "call": call["id"], "sso": sso["id"], "flag": call["flags"][0]["id"], "plan": plan.id, "draft": draft.id,
        "company": acme["id"], "invoice": api.invoices(acme)[0]["id"]}


@pytest.fixture(autouse=True)
def the_server_goes_on(shared, world):
    yield
    assert shared.get("/companies/{company}".format(**world))["id"] == world["company"]
    assert shared.send("GET", "/health").status_code == 200
    assert shared.check("call", "acme")["value"] is True


def refused(answer, *statuses: int):
    """A 4xx whose body is a sentence."""
    assert answer.status_code in statuses, f"{answer.status_code} {answer.text[:500]}"
    body = answer.json()
    assert set(body) == {"error"}, body
    assert len(body["error"].split()) >= 2, body


# Bodies that cannot be read ------------------------------------------------------------------------------------------

DEEP = 100_000
BODIES = {
    "empty": b"",
    "white space": b" \n\t ",
    "truncated": b'{"events":[{"type":"track","body":{"event":"call"',
    "truncated in a string": b'{"events":[{"type":"tra',
    "no JSON": b"events=1&type=track",
    "two values": b'{"events":[]}{"events":[]}',
    "trailing comma": b'{"events":[],}',
    "single quotes": b"{'events':[]}",
    "deep arrays": b"[" * DEEP,
    "deep arrays, closed": b"[" * DEEP + b"]" * DEEP,
    "deep objects": b'{"a":' * DEEP + b"1" + b"}" * DEEP,
    "deep inside": b'{"events":' + b"[" * DEEP + b"]" * DEEP + b"}",
    "invalid UTF-8": b'{"keys":{"id":"\xff\xfe"},"events":[{"type":"track","body":{"event":"\xff\xfe"}}]}',
    "a lone surrogate's bytes": b'{"keys":{"id":"\xed\xa0\x80"},"events":[{"type":"\xed\xa0\x80"}]}',
    "a zero byte": b'{"keys":\x00{"id":"a"},"events":[]}',
    "NaN": b'{"keys":{"id":"a"},"traits":{"n":NaN},"events":[{"type":"track","body":{"quantity":NaN}}]}',
    "Infinity": b'{"keys":{"id":"a"},"traits":{"n":-Infinity},"events":[{"body":{"quantity":Infinity}}]}',
    "a number": b"7",
    "a string": b'"events"',
    "null": b"null",
    "true": b"true",
}
READERS = [  # where bodies are read: the event path, the typed paths, and the single forms
    "POST /batch", "POST /event-batch", "POST /events", "POST /companies", "POST /features", "POST /manage-plan",
    "POST /usage/consume", "POST /usage/reserve", "POST /flags/call/check", "PUT /test-clock",
    "POST /billing/settings"]
NOTHING_IS_FINE = {"POST /flags/call/check", "POST /billing/settings"}  # every field is optional


@pytest.mark.parametrize("reader", READERS)
def test_unreadable_bodies(shared, reader):
    method, path = reader.split()
    for name, body in BODIES.items():
        answer = shared.send(method, path, content=body)
        if name in ("empty", "white space", "null") and reader in NOTHING_IS_FINE:
            assert answer.status_code < 500
            continue
        try:
            refused(answer, 400, 413, 422)
        except AssertionError as error:
            raise AssertionError(f"{reader} with {name}: {error}") from None


@pytest.mark.parametrize("path", ["/batch", "/event-batch", "/companies", "/usage/consume"])
def test_16_mib_and_one_byte_more(shared, path):
    refused(shared.send("POST", path, content=b" " * (16 * MIB + 1)), 413)


def test_16_mib_are_read(shared):
    body = json.dumps({"events": [event("call", "somebody-else")]}).encode()
    answer = shared.send("POST", "/batch", content=body + b" " * (16 * MIB - len(body)))
    assert (answer.status_code, answer.json()["data"]["accepted"]) == (200, 1)


CONTENT_TYPES = [  # content type, body, status
    ("application/json", b'{"type":"track"}\n{"type":"track"}', (400,)),
    ("application/x-ndjson", b"\xff\n[\n", (200,)),
    ("application/x-ndjson", b"", (400,)),
    ("application/json; charset=utf-8", b'{"events":[]}', (200,)),
    ("application/xml", b"<events/>", (400, 415)),
    ("multipart/form-data; boundary=x", b"--x--", (400, 415)),
    ("nonsense", b"nonsense", (400, 415)),
]


@pytest.mark.parametrize("content_type, body, statuses", CONTENT_TYPES)
def test_content_types(shared, content_type, body, statuses):
    answer = shared.send("POST", "/batch", content=body, headers={"Content-Type": content_type})
    if statuses == (200,):
        assert answer.status_code == 200 and answer.json()["data"]["accepted"] == 0
    else:
        refused(answer, *statuses)


# Whose key -----------------------------------------------------------------------------------------------------------

@pytest.mark.parametrize("key", [None, "", "sch_dev_wrong", "x" * 5000])
@pytest.mark.parametrize(
    "call", ["GET /companies", "POST /companies", "POST /flags/call/check", "POST /batch", "GET /whoami"])
def test_unknown_keys(shared, key, call):
    stranger = shared.with_key(None)
    headers = {} if key is None else {"X-Schematic-Api-Key": key}
    method, path = call.split()
    body = {"events": [event("call", "acme")]} if path == "/batch" else {"keys": {"id": "intruder"}}
    refused(stranger.send(method, path, body if method == "POST" else None, headers=headers), 401)


def test_a_revoked_key_is_unknown(shared):
    made = shared.post("/api-keys", {"name": "short-lived", "kind": "secret"})
    holder = shared.with_key(made["key"])
    assert holder.get("/whoami")["environment_id"] == shared.get("/whoami")["environment_id"]
    shared.delete(f"/api-keys/{made['id']}")
    refused(holder.send("GET", "/companies"), 401)


MAY_NOT = {  # kind of key: calls that are refused with 403, calls that are not
    ("publishable", False): (
        ["GET /companies", "POST /companies", "GET /plans", "POST /features", "POST /usage/consume", "GET /invoices",
         "PUT /test-clock", "GET /api-keys", "POST /api-keys", "GET /events", "GET /feature-usage-history"],
        ["POST /flags/call/check", "POST /flags/check", "POST /batch"]),
    ("secret", True): (
        ["POST /companies", "POST /features", "POST /manage-plan", "POST /usage/consume", "PUT /test-clock",
         "POST /billing/close", "POST /api-keys", "POST /billing/settings", "DELETE /companies/{company}"],
        ["GET /companies", "GET /plans", "GET /invoices", "GET /whoami", "POST /flags/call/check"]),
}


@pytest.mark.parametrize("kind, readonly", MAY_NOT)
def test_what_a_key_may_not_do(shared, world, kind, readonly):
    made = shared.post("/api-keys", {"name": "limited", "kind": kind, "readonly": readonly})
    holder = shared.with_key(made["key"])
    forbidden, allowed = MAY_NOT[kind, readonly]
    body = {
        "keys": {"id": "intruder"}, "company": {"id": "nobody"}, "event": "call", "events": [], "now": NOW,
        "company_id": world["company"], "name": "x", "description": "", "feature_type": "boolean", "kind": "secret"}
    for call in forbidden + allowed:
        method, path = call.format(**world).split()
        answer = holder.send(method, path, body if method in ("POST", "PUT") else None)
        if call in forbidden:
            refused(answer, 403)
        else:
            assert answer.is_success, f"{call}: {answer.status_code} {answer.text}"


# Nothing there -------------------------------------------------------------------------------------------------------

NOWHERE = """
    GET    /nothing-here                          404
    GET    /companies/comp_00000000000            404
    GET    /companies/%00                         404 400
    GET    /companies/..%2F..%2Fetc               404 400
    GET    /companies/not%20an%20id               404 400
    DELETE /companies/comp_00000000000            404
    GET    /companies/{plan}                      404 400
    GET    /plans/{company}                       404 400
    GET    /users/user_00000000000                404
    GET    /features/feat_00000000000             404
    GET    /flags/flag_00000000000                404
    GET    /plans/plan_00000000000                404
    DELETE /plans/plan_00000000000                404
    PUT    /plans/version/plvr_00000000000/publish 404
    GET    /plan-entitlements/pltl_00000000000    404
    GET    /company-overrides/cmov_00000000000    404
    GET    /invoices/inv_00000000000              404
    POST   /invoices/inv_00000000000/finalize     404
    POST   /invoices/inv_00000000000/void         404
    POST   /invoices/inv_00000000000/mark-paid    404
    GET    /events/evt_00000000000                404
    GET    /api-keys/key_00000000000              404
    GET    /environments/env_00000000000          404
    GET    /companies/comp_00000000000/native-subscription 404
    GET    /companies/comp_00000000000/upcoming-invoice    404
    GET    /usage/reservations/hold_00000000000         404
    GET    /usage/reservations/hold_11111111111         404
    PUT    /usage/reservations/hold_11111111111/release 404
    PUT    /usage/reservations/{company}/release        404
    POST   /flags/no-such-flag/check              404
    GET    /companies/lookup?keys[id]=nobody      404
    GET    /companies/lookup                      400
    PATCH  /companies                             404 405
    DELETE /companies                             404 405
    PUT    /batch                                 404 405
    GET    /batch                                 404 405
    GET    /flags/call/check                      404 405
    POST   /health                                404 405
"""

BODY_OF_NOWHERE = {"idempotency_key": "k", "excluded_company_ids": [], "migration_strategy": "immediate"}


@pytest.mark.parametrize("row", [row.strip() for row in NOWHERE.strip().splitlines()], ids=lambda row: " ".join(row.split()[:2]))
def test_nothing_there(shared, world, row):
    method, path, *statuses = row.split()
    body = BODY_OF_NOWHERE if method in ("POST", "PUT", "PATCH") else None
    refused(shared.send(method, path.format(**world), body), *map(int, statuses))


QUERIES = """
    /companies?limit=-1
    /companies?limit=abc
    /companies?limit=1.5
    /companies?limit=1000000000000000000000000000000
    /companies?offset=-1
    /companies?offset=x
    /events?limit=-5
    /events?event_types=dance
    /invoices?status=rotten
    /invoices?document_state=rotten
    /features?feature_type=magic
    /plans?with_entitlements=perhaps
    /feature-usage
    /feature-usage?company_id=comp_00000000000                                                                404
    /feature-usage-history
    /feature-usage-history?start_time=2026-03-01T00:00:00Z
    /feature-usage-history?start_time=yesterday&end_time=2026-03-02T00:00:00Z
    /feature-usage-history?start_time=2026-03-01T00:30:00Z&end_time=2026-03-02T00:00:00Z
    /feature-usage-history?start_time=2026-03-02T00:00:00Z&end_time=2026-03-01T00:00:00Z
    /feature-usage-history?start_time=2026-03-01T00:00:00Z&end_time=2026-04-01T00:00:00Z&granularity=hourly
    /feature-usage-history?start_time=2026-03-01T00:00:00Z&end_time=2026-03-02T00:00:00Z&granularity=secondly
    /feature-usage-history?start_time=2026-03-01T00:00:00Z&end_time=2026-03-02T00:00:00Z&limit=251
"""


@pytest.mark.parametrize(
    "row", [row.strip() for row in QUERIES.strip().splitlines()], ids=lambda row: row.split()[0])
def test_queries(shared, row):
    path, *status = row.split()
    refused(shared.send("GET", path), *map(int, status or [400]))


# Values that make no sense -------------------------------------------------------------------------------------------

def entitlement(feature: str = "{call}", plan: str = "{draft}", **fields) -> dict:
    return {"plan_id": plan, "feature_id": feature, **fields}


def tiers(*rows, mode="graduated") -> dict:
    return entitlement(
        value_type="unlimited", price_behavior="tier", tier_mode=mode, currency="usd", price_tiers=list(rows))


def tier(price: int, up_to: int | None = None) -> dict:
    return {"per_unit_price": price, **({} if up_to is None else {"up_to": up_to})}


def numeric(value, **fields) -> dict:
    return entitlement(value_type="numeric", value_numeric=value, **fields)


def unit(price, **fields) -> dict:
    return entitlement(
        **{"value_type": "unlimited", "price_behavior": "pay_as_you_go", "monthly_unit_price": price, "currency": "usd",
           **fields})


def rule(*conditions, **fields) -> dict:
    return {"rules": [
        {"name": "r", "priority": 1, "value": True, "conditions": list(conditions), "condition_groups": [], **fields}]}


def prices(**fields) -> dict:
    return {"charge_type": "recurring", "is_trialable": False, "currency": "usd", **fields}


FEATURE = {"name": "x", "description": "", "feature_type": "event", "event_subtype": "x"}
OVERRIDE = {"company_id": "{company}", "feature_id": "{sso}", "value_type": "boolean", "value_bool": True}
MANAGE = {"company_id": "{company}", "add_on_selections": [], "credit_bundles": [], "custom_field_values": [],
          "pay_in_advance_entitlements": []}
CONSUME = {"company": {"id": "acme"}, "event": "call"}
RESERVE = {**CONSUME, "quantity": 1}

VALUES = {  # call: bodies; a `{name}` in them stands for the id of a real thing
    "POST /companies": [
        {}, {"keys": {}}, {"keys": []}, {"keys": "acme"}, {"keys": {"id": 7}}, {"keys": {"id": ""}},
        {"keys": {"": "x"}}, {"keys": {"id": "x" * 100_000}}, {"keys": {f"k{n}": "v" for n in range(1000)}},
        {"keys": {"id": None}},
        {"keys": {"id": "tz"}, "timezone": "Mars/Olympus"}, {"keys": {"id": "tz"}, "timezone": "GMT+5"},
        {"keys": {"id": "tz"}, "timezone": 5}, {"keys": {"id": "n"}, "name": 7}, {"keys": {"id": "t"}, "traits": [1]},
        {"keys": {"id": "t"}, "last_seen_at": "yesterday"}, {"keys": {"id": "t"}, "base_plan_id": "plan_00000000000"}],
    "POST /users": [{}, {"keys": {}}, {"keys": {"id": 7}}, {"keys": {"id": "u"}, "company_ids": "all"}],
    "POST /company-traits": [
        {}, {"keys": {"id": "acme"}}, {"keys": {"id": "acme"}, "trait": ""}, {"keys": {"id": "acme"}, "trait": "t"},
        {"keys": {"id": "acme"}, "trait": "t", "incr": 10**30}, {"keys": {"id": "acme"}, "trait": "t", "incr": 1.5}],
    "POST /features": [
        {}, {**FEATURE, "feature_type": "magic"}, {**FEATURE, "name": 7}, {**FEATURE, "name": ""},
        {**FEATURE, "event_subtype": None}, {**FEATURE, "feature_type": "trait"},
        {**FEATURE, "feature_type": "trait", "trait_id": "trt_none"}, {**FEATURE, "lifecycle_phase": "ripe"},
        {**FEATURE, "flag": {"key": "call", "name": "taken", "description": "", "flag_type": "boolean"}},
        {**FEATURE, "flag": {"key": "", "name": "x", "description": "", "flag_type": "boolean"}},
        {**FEATURE, "flag": {"key": "x", "name": "x", "description": "", "flag_type": "colour"}}],
    "PUT /features/{call}": [{"feature_type": "boolean"}],
    "PUT /flags/{flag}/rules": [
        {}, {"rules": {}}, rule(value="yes"), rule(rule_type="plan_entitlement"), rule(rule_type="company_override"),
        rule({"condition_type": "weather", "operator": "eq", "resource_ids": []}),
        rule({"condition_type": "company", "operator": "resembles", "resource_ids": []})],
    "POST /plans": [
        {}, {"name": "x"}, {"name": "x", "plan_type": "pyramid"}, {"name": "", "plan_type": "plan"},
        {"plan_type": "plan"}],
    "PUT /plans/{draft}/billing_products": [
        {}, {"charge_type": "sometimes", "is_trialable": False}, prices(monthly_price=-1), prices(monthly_price="10"),
        prices(monthly_price=10.5), prices(monthly_price=10**30), prices(monthly_price=100, currency="zzz"),
        prices(monthly_price=100, currency="dollars"), prices(monthly_price=100, billing_strategy="hope"),
        prices(monthly_price=100, is_trialable="no"), prices(monthly_price=100, is_trialable=True, trial_days=-1),
        prices(prices=[{"interval": "fortnight", "interval_count": 1, "price": 1, "currency": "usd"}]),
        prices(prices=[{"interval": "day", "interval_count": 0, "price": 1, "currency": "usd"}]),
        prices(prices=[{"interval": "day", "interval_count": 10, "price": -1, "currency": "usd"}])],
    "POST /plan-entitlements": [
        {}, entitlement(value_type="maybe"), entitlement(value_type="numeric"),
        numeric(-1), numeric("10"), numeric(1.5), numeric(10**30), numeric(1e400),
        numeric(1, metric_period="fortnight"),
        numeric(1, metric_period="current_month", metric_period_month_reset="full_moon"),
        numeric(1, metric_period="current_day", metric_period_month_reset="billing_cycle"),
        numeric(1, plan="plan_00000000000"), numeric(1, feature="feat_00000000000"), numeric(1, feature="{sso}"),
        entitlement(value_type="trait", value_trait_id="trt_none"),
        entitlement(value_type="boolean", value_bool="yes", feature="{sso}"),
        unit(-1), unit(10**30), unit("1"), unit(1, currency="zzz"), unit(1, price_behavior="barter"),
        unit(1, monthly_unit_price_decimal="-0.5"), unit(1, monthly_unit_price_decimal="cheap"),
        unit(1, monthly_unit_price_decimal="0.0000000000001"), unit(1, monthly_unit_price_decimal="1e3"),
        unit(1, price_behavior="overage"), unit(1, price_behavior="overage", soft_limit=-1),
        unit(1, price_behavior="overage", soft_limit=10, value_type="numeric", value_numeric=5),
        tiers(), tiers(tier(1), mode="spiral"), tiers(tier(1, 10)), tiers(tier(1), tier(2)), tiers(tier(-1)),
        tiers({"flat_amount": -1}), tiers(tier(1, 10), tier(2, 5), tier(3)), tiers(tier(1, 10), tier(2, 10), tier(3)),
        tiers(tier(1, -10), tier(1)), tiers(tier(1, 0), tier(1)),
        tiers(*[tier(1, n + 1) for n in range(100_000)], tier(1))],
    "POST /company-overrides": [
        {}, {**OVERRIDE, "company_id": "comp_00000000000"}, {**OVERRIDE, "feature_id": "feat_00000000000"},
        {**OVERRIDE, "value_type": "maybe"}, {**OVERRIDE, "value_bool": "true"},
        {**OVERRIDE, "expiration_date": "tomorrow"},
        {**OVERRIDE, "feature_id": "{call}", "value_type": "numeric", "value_numeric": -1},
        {**OVERRIDE, "feature_id": "{call}", "value_type": "numeric"}],
    "POST /manage-plan": [
        {}, {**MANAGE, "company_id": "comp_00000000000", "base_plan_id": "{plan}"}, {**MANAGE, "base_plan_id": 7},
        {**MANAGE, "base_plan_id": "{plan}", "pay_in_advance_entitlements": [{"price_id": "bilpp_none"}]},
        {**MANAGE, "base_plan_id": "{plan}", "pay_in_advance_entitlements": [
            {"price_id": "bilpp_none", "quantity": -1}]},
        {**MANAGE, "base_plan_id": "{plan}", "pay_in_advance_entitlements": "none"}],
    "POST /manage-plan/subscription/cancel": [{}, {"company_id": "comp_00000000000"}, {"company_id": 7}],
    "POST /usage/consume": [
        {}, {"company": {"id": "acme"}}, {"event": "call"}, {**CONSUME, "quantity": 0}, {**CONSUME, "quantity": -1},
        {**CONSUME, "quantity": 1.5}, {**CONSUME, "quantity": "1"}, {**CONSUME, "quantity": 10**30},
        {**CONSUME, "company": {}}, {**CONSUME, "company": "acme"}, {**CONSUME, "idempotency_key": 7},
        {**CONSUME, "idempotency_key": "x" * 10_000}, {**CONSUME, "feature": "{call}"},
        {"company": {"id": "acme"}, "feature": "no-such-feature"}],
    "POST /usage/reserve": [
        {}, CONSUME, {"company": {"id": "acme"}, "quantity": 1}, {"event": "call", "quantity": 1},
        {**RESERVE, "quantity": 0}, {**RESERVE, "quantity": -1}, {**RESERVE, "quantity": 1.5},
        {**RESERVE, "quantity": "1"}, {**RESERVE, "quantity": 10**30}, {**RESERVE, "company": {}},
        {**RESERVE, "company": "acme"}, {**RESERVE, "idempotency_key": 7},
        {**RESERVE, "idempotency_key": "x" * 10_000}, {**RESERVE, "feature": "{call}"},
        {**RESERVE, "expires_at": "soon"}, {**RESERVE, "expires_at": 7}, {**RESERVE, "expires_at": NOW},
        {**RESERVE, "expires_at": "1970-01-01T00:00:00Z"}, {**RESERVE, "expires_at": "9999-12-31T23:59:59Z"},
        {"company": {"id": "acme"}, "feature": "no-such-feature", "quantity": 1}],
    "PUT /usage/reservations/hold_11111111111/commit": [
        {}, {"quantity": None}, {"quantity": -1}, {"quantity": 1.5}, {"quantity": "1"}, {"quantity": 10**30},
        {"quantity": 1}],
    "POST /flags/call/check": [
        {"company": "acme"}, {"company": {"id": 7}}, {"user": []},
        {"company": {"id": "acme"}, "preflight": {"usage": -1}},
        {"company": {"id": "acme"}, "preflight": {"usage": "x"}}, {"company": {"id": "acme"}, "preflight": 7}],
    "POST /flags/check-bulk": [{}, {"contexts": {}}, {"contexts": [{"company": 7}]}],
    "PUT /test-clock": [
        {}, {"now": None}, {"now": "tomorrow"}, {"now": 7}, {"now": "2026-02-30T00:00:00Z"},
        {"now": "2000-01-01T00:00:00Z"}],
    "POST /billing/settings": [
        {"timezone": "Nowhere/Land"}, {"invoice_grace_seconds": -1}, {"invoice_grace_seconds": "1"},
        {"invoice_grace_seconds": 10**30}, {"auto_finalize": "yes"}, {"default_provider_type": "piggy_bank"}],
    "POST /billing/close": [{"until": "soon"}, {"until": "2099-01-01T00:00:00Z"}, {"until": 7}],
    "POST /invoices/{invoice}/mark-paid": [
        {}, {"idempotency_key": ""}, {"idempotency_key": "k", "amount": -1}, {"idempotency_key": "k", "amount": 0},
        {"idempotency_key": "k", "amount": 1.5}, {"idempotency_key": "k", "amount": 10**30},
        {"idempotency_key": "k", "settled_at": "x"}],
    "POST /api-keys": [{}, {"name": "x"}, {"name": "x", "kind": "skeleton"}, {"name": 7, "kind": "secret"}],
    "POST /events": [
        {}, {"event_type": "dance", "body": {}}, {"event_type": "track"},
        {"event_type": "track", "body": {"event": "call", "quantity": 10**30}},
        {"event_type": "track", "body": {"event": "call", "quantity": 1.5}}, {"event_type": "track", "body": []}],
    "POST /event-batch": [{}, {"events": {}}, {"events": None}, {"events": "all"}],
    "POST /batch": [{}, {"events": {}}, {"events": None}, {"events": "all"}, {"event": []}],
}


@pytest.mark.parametrize("call", VALUES)
def test_values_that_make_no_sense(shared, world, call):
    method, path = filled(call, world).split()
    for body in VALUES[call]:
        text = filled(json.dumps(body), world).replace("Infinity", "1e400")
        answer = shared.send(method, path, content=text.encode())
        try:
            refused(answer, 400, 404, 413, 422)
        except AssertionError as error:
            raise AssertionError(f"{call} with {text[:300]}: {error}") from None


def filled(text: str, world: dict) -> str:
    for name, id in world.items():
        text = text.replace("{" + name + "}", id)
    return text


def test_what_this_release_cannot_do_is_refused_and_not_ignored(shared, world):
    """A trial or an add-on that was asked for and silently left out would be a surprise on the invoice."""
    later = shared.company("later")
    asked = [
        {"trial_end": "2026-04-01T00:00:00Z"}, {"add_on_selections": [{"plan_id": "plan_00000000000"}]},
        {"credit_bundles": [{"bundle_id": "bundle_1", "quantity": 1}]}, {"coupon_external_id": "SUMMER"}]
    for fields in asked:
        body = {**MANAGE, "company_id": later["id"], "base_plan_id": world["plan"], **fields}
        answer = shared.send("POST", "/manage-plan", body)
        if answer.status_code == 200:
            outcome = answer.json()["data"]
            assert outcome["success"] is False and outcome["problems"], fields
        else:
            refused(answer, 400, 404, 422)
        assert shared.get(f"/companies/{later['id']}").get("plan") is None, fields


def test_a_second_override_names_the_first(shared, world):
    body = {**OVERRIDE, "company_id": world["company"], "feature_id": world["sso"]}
    first = shared.post("/company-overrides", body)
    answer = shared.send("POST", "/company-overrides", body)
    refused(answer, 400)
    assert first["id"] in answer.json()["error"]


def test_keys_of_two_companies_are_a_conflict(shared):
    shared.company("left")
    shared.post("/companies", {"keys": {"domain": "right.test"}, "name": "right"})
    both = {"id": "left", "domain": "right.test"}
    refused(shared.send("POST", "/companies", {"keys": both}), 400, 422)
    refused(shared.send("POST", "/flags/call/check", {"company": both}), 400, 422)
