"""Flags, their rules and features over HTTP."""

import threading

from api import Api


def flag_body(key: str, **fields) -> dict:
    return {"key": key, "name": key, "description": "", "flag_type": "boolean", **fields}


def rule(name: str, *conditions, value: bool = True, **fields) -> dict:
    return {"name": name, "priority": 0, "value": value, "conditions": list(conditions), "condition_groups": [],
            **fields}


def condition(kind: str, *ids: str, operator: str = "eq", **fields) -> dict:
    return {"condition_type": kind, "operator": operator, "resource_ids": list(ids), **fields}


def test_flags_are_found_by_feature_id_and_text(api):
    feature = api.feature("calls")
    flags = [api.post("/flags", flag_body(key)) for key in ("dark-mode", "dark-matter")]
    keys = lambda **query: [flag["key"] for flag in api.get("/flags", **query)]
    assert keys() == ["dark-matter", "dark-mode", "calls"]
    assert keys(q="DARK") == ["dark-matter", "dark-mode"]
    assert keys(feature_id=feature["id"]) == ["calls"]
    assert keys(ids=flags[0]["id"]) == ["dark-mode"]
    assert keys(limit=1, offset=1) == ["dark-mode"]
    assert api.get("/flags/count", q="dark")["count"] == 2


def test_features_are_found_by_what_does_not_grant_them(api):
    calls, rows = api.feature("calls"), api.feature("rows")
    limit = {"value_type": "numeric", "value_numeric": 1}
    plan = api.free_plan("Plan", (calls, limit))
    company = api.company("acme")
    override = api.post("/company-overrides", {"company_id": company["id"], "feature_id": rows["id"], **limit})
    keys = lambda **query: [feature["name"] for feature in api.get("/features", **query)]
    assert keys(without_plan_entitlement_for=plan.id) == ["rows"]
    assert keys(without_company_override_for=company["id"]) == ["calls"]
    assert keys(without_company_override_for=company["id"], without_plan_entitlement_for=plan.id) == []
    assert keys(plan_version_id=plan.version_id) == ["calls"]
    api.delete(f"/company-overrides/{override['id']}")
    assert keys(without_company_override_for=company["id"]) == ["rows", "calls"]


def test_a_flag_shows_written_rules_and_those_of_entitlements_and_overrides(api):
    calls = api.feature("calls")
    limit = {"value_type": "numeric", "value_numeric": 10, "metric_period": "current_month"}
    plan = api.free_plan("Plan", (calls, limit))
    company = api.subscribed("acme", plan)
    override = api.post("/company-overrides", {"company_id": company["id"], "feature_id": calls["id"], **limit})
    flag = calls["flags"][0]["id"]
    api.put(f"/flags/{flag}/rules", {"rules": [
        rule("Beta", condition("plan_version", plan.version_id), condition("company", company["id"]))]})
    rules = {rule["id"]: rule for rule in api.get(f"/flags/{flag}")["rules"]}

    entitlement = plan.entitlements["calls"]
    ids = [made[name] for made in (entitlement, override) for name in ("rule_id", "rule_id_usage_exceeded")]
    assert [rules[id]["rule_type"] for id in ids] == [
        "plan_entitlement", "plan_entitlement_usage_exceeded", "company_override", "company_override_usage_exceeded"]
    assert [rules[id]["value"] for id in ids] == [True, False, True, False]
    limits = [rules[id]["conditions"][1] for id in ids]
    assert [(c["operator"], c["metric_value"], c["metric_period"]) for c in limits] == [
        (operator, 10, "current_month") for operator in ("lt", "gte", "lt", "gte")]
    [written] = [rule for rule in rules.values() if rule["rule_type"] == "standard"]
    assert written["conditions"][0]["plan_versions"] == [
        {"id": plan.version_id, "name": "Plan", "status": "published", "version": 1}]
    assert written["conditions"][1]["resources"][0]["name"] == "acme"
    assert api.check("calls", "acme")["rule_id"] == override["rule_id"]

    # A rule that is sent with its id keeps id and type; what is not sent again is gone.
    [kept] = api.put(f"/flags/{flag}/rules", {"rules": [rule("Off", value=False, id=written["id"])]})["rules"][:1]
    assert (kept["id"], kept["rule_type"], kept["name"]) == (written["id"], "standard", "Off")
    for refused, status, words in [
            (rule("X", rule_type="plan_entitlement"), 400, "made from entitlements and overrides"),
            (rule("X", id=entitlement["rule_id"]), 404, "has no rule"),
            (rule("X", condition("credit", credit_id="crd")), 400, "credit_id is not part of this release"),
            (rule("X", condition("plan", "plan_11111111111")), 400, "does not exist"),
            (rule("X", condition("plan", plan.id, operator="gt")), 400, "takes the operators eq, ne, not gt")]:
        answer = api.send("PUT", f"/flags/{flag}/rules", {"rules": [refused]})
        assert answer.status_code == status and words in answer.json()["error"]


def test_a_features_flag_is_its_own(api):
    other = api.post("/flags", flag_body("other"))
    answer = api.send("POST", "/features", {
        "name": "calls", "description": "", "feature_type": "boolean", "flag": flag_body("calls", id=other["id"])})
    assert answer.status_code == 400 and "a feature's flag is made with the feature" in answer.json()["error"]
    feature = api.feature("calls")
    own = feature["flags"][0]["id"]
    changed = api.put(f"/features/{feature['id']}", {"flag": flag_body("renamed", id=own)})
    assert [(flag["id"], flag["key"]) for flag in changed["flags"]] == [(own, "renamed")]


def test_when_a_flag_was_last_checked_outlives_the_server(server):
    api = server.api
    flags = {key: api.post("/flags", flag_body(key)) for key in ("asked", "reported", "neither")}
    shown = lambda api: {key: api.get(f"/flags/{flag['id']}").get("last_checked_at") for key, flag in flags.items()}
    assert shown(api) == {"asked": None, "reported": None, "neither": None}
    api.clock("2024-03-01T12:00:00Z")
    api.check("asked", "acme")
    api.clock("2024-03-02T12:00:00Z")
    body = {"flag_key": "reported", "value": True, "reason": "r", "flag_id": flags["reported"]["id"]}
    api.post("/event-batch", {"events": [{"event_type": "flag_check", "body": body}]})
    [recorded] = api.get("/events", event_types="flag_check")
    assert recorded["body"] == body
    expected = {"asked": "2024-03-01T12:00:00Z", "reported": "2024-03-02T12:00:00Z", "neither": None}
    assert shown(api) == expected
    server.stop()
    server.start()
    assert shown(server.api) == expected


def test_checks_under_load_see_a_plan_change_whole(server, api):
    features = [api.feature(f"calls-{number}") for number in range(5)]
    plans = [
        api.free_plan(f"Up to {limit}", *((feature, {"value_type": "numeric", "value_numeric": limit})
                                          for feature in features))
        for limit in (100, 200)]
    company = api.subscribed("acme", plans[0])
    over, answers, failures = threading.Event(), [], []

    def check():
        own = Api(server.url, server.key)
        while not over.is_set():
            flags = own.post("/flags/check", {"company": {"id": "acme"}})["flags"]
            limits = {flag["entitlement"]["allocation"] for flag in flags}
            answers.append(limits)
            if limits not in ({100}, {200}):
                failures.append(limits)
        own.close()

    checkers = [threading.Thread(target=check) for _ in range(4)]
    for checker in checkers:
        checker.start()
    try:
        for round in range(100):
            next = plans[(round + 1) % 2]
            api.subscribe(company, next)
            # The very next check sees the change.
            limit = 200 if round % 2 == 0 else 100
            assert api.check("calls-0", "acme")["entitlement"]["allocation"] == limit
    finally:
        over.set()
        for checker in checkers:
            checker.join()
    assert not failures
    assert {100} in answers and {200} in answers
