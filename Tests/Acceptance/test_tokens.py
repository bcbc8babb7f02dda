"""Temporary access tokens: one company's data, for a quarter of an hour, and nothing else. And when a key was used."""

import httpx
import pytest
from schematic.core.api_error import ApiError

from catalog import Catalog, client
from server import Server, tollgate

START = "2026-03-01T00:00:00Z"


@pytest.fixture
def world(api):
    """Two companies on a plan with a feature, a user of each, and a token for the first."""
    api.clock(START)
    sdk = client(api.url)
    catalog = Catalog(sdk)
    companies = [catalog.company(name) for name in ("acme", "other")]
    for company in companies:
        catalog.move(company, catalog.team)
        sdk.companies.upsert_user(keys={"user_id": company.name}, company={"id": company.name})
    issued = sdk.accesstokens.issue_temporary_access_token(lookup={"id": "acme"}).data
    yield sdk, companies, issued
    sdk.shutdown()


def reads(company: str, name: str) -> list[str]:
    return [
        f"/companies/{company}", f"/companies/lookup?keys[id]={name}", f"/companies/{company}/native-subscription",
        f"/companies/{company}/upcoming-invoice", f"/feature-usage?company_id={company}",
        f"/feature-usage/count?company_keys[id]={name}", f"/usage-by-company?keys[id]={name}",
        f"/invoices?company_id={company}", f"/invoices/count?company_id={company}",
        f"/company-overrides?company_ids={company}", f"/company-overrides/count?company_id={company}",
        f"/billing/profiles?company_id={company}", f"/company-subscriptions?company_ids={company}",
        f"/company-billing-entity?company_id={company}", f"/user-usage-by-company?company_id={company}"]


def test_it_reads_its_company_and_no_other(api, world):
    sdk, (own, other), issued = world
    assert issued.token.startswith("token_") and issued.issuer_type == "api_key"
    assert (issued.expired_at - issued.created_at).total_seconds() == 15 * 60
    with_token = api.with_key(issued.token)
    for path in reads(own.id, "acme"):
        assert with_token.send("GET", path).status_code == 200, path
    refused = reads(other.id, "other") + [
        "/company-overrides", "/invoices", "/feature-usage", "/billing/profiles", "/companies/lookup?keys[id]=nobody",
        f"/company-overrides?company_id={own.id}&company_ids={other.id}",
        f"/company-overrides?company_id={other.id}&company_id={own.id}",
        f"/feature-usage?company_id={own.id}&company_keys[id]=other", "/companies", "/users", "/plans", "/whoami",
        "/api-keys", "/audit-log", f"/users?company_id={own.id}", "/environments"]
    for path in refused:
        answer = with_token.send("GET", path)
        assert answer.status_code == 403 and own.id in answer.json()["error"], (path, answer.text)


def test_it_checks_flags_of_its_company_and_writes_nothing(api, world):
    _, (own, other), issued = world
    with_token = api.with_key(issued.token)
    flag = api.get("/flags")[0]["key"]
    single, everything = f"/flags/{flag}/check", "/flags/check"
    for context, status in [
        ({"company": {"id": "acme"}}, 201), ({"company": {"x": own.id}}, 201), ({"company": {"id": "other"}}, 403),
        ({}, 403), ({"user": {"user_id": "acme"}}, 403), ({"company": {"id": "nobody"}}, 403),
        ({"company": {"id": "acme"}, "user": {"user_id": "acme"}}, 201),
        ({"company": {"id": "acme"}, "user": {"user_id": "new"}}, 201),
        ({"company": {"id": "acme"}, "user": {"user_id": "other"}}, 403),
    ]:
        assert with_token.send("POST", everything, context).status_code == status, context
        assert with_token.send("POST", single, context).status_code == (200 if status == 201 else 403), context
        contexts = {"contexts": [{"company": {"id": "acme"}}, context]}
        assert with_token.send("POST", "/flags/check-bulk", contexts).status_code == status, context
    for method, path, body in [
        ("POST", "/companies", {"keys": {"id": "acme"}}), ("DELETE", f"/companies/{own.id}", None),
        ("POST", "/temporary-access-tokens", {"lookup": {"id": "acme"}}), ("POST", "/api-keys", {}),
        ("POST", "/batch", {"events": []}), ("POST", "/events", {}), ("POST", "/usage/consume", {}),
        ("PUT", "/test-clock", {"now": START}),
    ]:
        answer = with_token.send(method, path, body)
        assert answer.status_code == 403 and own.id in answer.json()["error"], (path, answer.text)


def test_it_ends_by_the_environments_clock_and_with_its_key(server, world):
    sdk, (own, _), issued = world
    api = server.api
    api.clock("2026-03-01T00:14:59Z")
    server.kill()
    server.start()
    assert server.api.with_key(issued.token).send("GET", f"/companies/{own.id}").status_code == 200
    server.api.clock("2026-03-01T00:15:00Z")
    answer = server.api.with_key(issued.token).send("GET", f"/companies/{own.id}")
    assert answer.status_code == 401 and "is over since 2026-03-01T00:15:00Z" in answer.json()["error"]
    key = server.api.post("/api-keys", {"name": "short", "kind": "secret"})
    token = server.api.with_key(key["key"]).post("/temporary-access-tokens", {"lookup": {"id": "acme"}})["token"]
    assert server.api.with_key(token).send("GET", f"/companies/{own.id}").status_code == 200
    server.api.delete(f"/api-keys/{key['id']}")
    assert server.api.with_key(token).send("GET", f"/companies/{own.id}").status_code == 401
    assert server.api.with_key("token_unknown").send("GET", "/whoami").status_code == 401


def test_who_may_issue_one_and_that_it_is_kept_nowhere(server, world):
    sdk, (own, _), issued = world
    api = server.api
    for kind in {"kind": "secret", "readonly": True}, {"kind": "publishable"}:
        key = api.post("/api-keys", {"name": "no", **kind})["key"]
        answer = api.with_key(key).send("POST", "/temporary-access-tokens", {"lookup": {"id": "acme"}})
        assert answer.status_code == 403
    assert api.send("POST", "/temporary-access-tokens", {"lookup": {"id": "nobody"}}).status_code == 404
    assert api.send("POST", "/temporary-access-tokens", {"lookup": {"id": "acme"}, "resource_type": "user"}
                    ).status_code == 400
    assert own.id in api.get(f"/companies/{own.id}")["id"]
    server.stop()
    assert issued.token.encode() not in (server.data / "data.mdb").read_bytes()


def test_a_key_shows_when_it_was_used_last(server):
    api = server.api
    api.clock(START)
    key = api.post("/api-keys", {"name": "new", "kind": "secret"})
    seen = lambda: server.api.get(f"/api-keys/{key['id']}")["last_used_at"]
    assert seen() is None
    api.clock("2026-03-01T01:00:00Z")
    api.with_key(key["key"]).get("/whoami")
    api.get("/audit-log")  # Waits for what nobody waited for.
    assert seen() == "2026-03-01T01:00:00Z"
    server.kill()
    server.start()
    assert seen() == "2026-03-01T01:00:00Z"
