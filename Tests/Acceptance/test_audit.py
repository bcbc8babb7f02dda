"""The audit log: one record for each request that asked for a change, and nothing secret in it."""

from api import event
from server import SECRET_KEY, Server, tollgate


def test_every_asked_change_is_in_it_and_nothing_else(api, sdk):
    company = api.post("/companies", {"keys": {"id": "acme"}, "name": "Acme"})
    refused = api.send("POST", "/companies", {"keys": {}})
    api.get("/companies")
    api.feature("call")
    api.send("POST", "/batch", {"events": [event("call", "acme", 1)]})
    api.post("/flags/call/check", {"company": {"id": "acme"}})
    api.post("/usage/consume", {"company": {"id": "acme"}, "event": "call"})
    api.post("/flags/call/check-and-reserve", {"company": {"id": "acme"}, "quantity": 1})
    api.delete(f"/companies/{company['id']}?cancel_subscription=true")
    lines = sdk.accounts.list_audit_logs().data
    assert [(line.method, line.url, line.resp_code) for line in lines] == [
        ("DELETE", f"/companies/{company['id']}?cancel_subscription=true", 200), ("POST", "/features", 201),
        ("POST", "/companies", 400), ("POST", "/companies", 200)]
    assert lines[0].resource_type == "companies" and lines[0].resource_id_string == company["id"]
    assert all(line.ended_at >= line.started_at and line.actor_type == "api_key" for line in lines)
    assert {line.api_key.id for line in lines} == {sdk.accounts.get_who_am_i().data.api_key_id}
    whole = sdk.accounts.get_audit_log(lines[2].id).data
    assert whole.resp_body == refused.text and whole.req_body == refused.request.content.decode()


def test_it_is_searched_by_text_actor_and_time(api, sdk):
    api.clock("2026-01-01T00:00:00Z")
    api.post("/companies", {"keys": {"id": "acme"}})
    api.clock("2026-01-02T00:00:00Z")
    api.post("/companies", {"keys": {"id": "other"}})

    def count(**query):
        assert len(api.get("/audit-log", **query)) == api.get("/audit-log/count", **query)["count"]
        return api.get("/audit-log/count", **query)["count"]

    assert count(q="ACME") == 1 and count(q="companies") == 2 and count(q="test-clock") == 2
    assert count(actor_type="api_key") == 4 and count(actor_type="app_user") == 0
    assert count(start_time="2026-01-02T00:00:00Z", q="companies") == 1
    assert count(end_time="2026-01-02T00:00:00Z", q="companies") == 1
    assert count(environment_id="env_11111111112") == 0
    assert "error" in api.send("GET", "/audit-log", query={"actor_type": "nobody"}).json()


def test_nothing_secret_is_kept(api):
    made = api.post("/api-keys", {"name": "new", "kind": "secret"})
    line = api.get("/audit-log/" + api.get("/audit-log", q="api-keys")[0]["id"])
    assert made["key"].startswith("sch_dev_") and made["key"] not in str(line) and SECRET_KEY not in str(line)
    assert made["id"] in line["resp_body"] and line["req_body"] == '{"name":"new","kind":"secret"}'


def test_keys_that_may_not_write_leave_nothing_and_cannot_read_more_than_theirs(api):
    readonly = api.with_key(api.post("/api-keys", {"name": "r", "kind": "secret", "readonly": True})["key"])
    public = api.with_key(api.post("/api-keys", {"name": "p", "kind": "publishable"})["key"])
    assert readonly.send("POST", "/companies", {"keys": {"id": "x"}}).status_code == 403
    assert len(readonly.get("/audit-log")) == 2
    assert public.send("GET", "/audit-log").status_code == 403


def test_what_was_acknowledged_is_in_it_after_a_kill_and_in_a_backup(server, tmp_path):
    for number in range(50):
        server.api.post("/companies", {"keys": {"id": f"company {number}"}})
    server.kill()
    copy = Server(tmp_path / "copy")
    tollgate("backup", "--data", str(server.data), "--to", str(copy.data))
    for restarted in server.start(), copy.start():
        lines = restarted.api.get("/audit-log")
        assert [restarted.api.get(f"/audit-log/{line['id']}")["req_body"] for line in lines] == [
            f'{{"keys":{{"id":"company {number}"}}}}' for number in reversed(range(50))]
        # Only the last answer's record may have been under way: each change carried the answers before it along.
        assert {line["resp_code"] for line in lines[1:]} == {200}
    copy.stop()
    copy.verify()
