"""The official SDK decides flags by itself, and must decide as the server does: after every change, and after silence."""

import asyncio

import pytest

from api import event
from stream import Local, Road, until

ACME = {"id": "acme"}
WILE = {"user_id": "wile"}
BOTH = (ACME, WILE)


class World:
    """One company with limits of every kind, one user, and flags with rules of every kind."""

    def __init__(self, api):
        self.api = api
        self.call = api.feature("call")
        self.seats = api.seats()
        self.sso = api.feature("sso", feature_type="boolean")
        self.token = api.feature("token")
        # Two other measures of the same event.
        self.largest = api.feature("largest", event_subtype="call", aggregation="max", value_trait="size")
        self.regions = api.feature("regions", event_subtype="call", aggregation="unique_count", unique_trait="region")
        per_month = {"value_type": "numeric", "metric_period": "current_month"}
        self.free = api.free_plan(
            "Free", (self.call, {**per_month, "value_numeric": 10}),
            (self.seats, {"value_type": "numeric", "value_numeric": 2}),
            (self.largest, {**per_month, "value_numeric": 10}), (self.regions, {**per_month, "value_numeric": 2}))
        self.pro = api.plan(
            "Pro",
            [(self.call, {**per_month, "value_numeric": 100, "metric_period_month_reset": "billing_cycle"}),
             (self.token, {**per_month, "metric_period": "current_day", "value_numeric": 50}),
             (self.seats, {"value_type": "unlimited"}), (self.sso, {"value_type": "boolean", "value_bool": True})],
            monthly_price=4900)
        api.post("/company-traits", {"keys": ACME, "trait": "seats_used", "set": "1"})
        self.acme = api.company("acme", traits={"seats_used": 1, "region": "eu", "since": "2026-01-31"})
        api.subscribe(self.acme, self.free)
        self.wile = api.post("/users", {"keys": WILE, "company_ids": [self.acme["id"]], "traits": {"staff": True}})
        self.definitions = {row["display_name"]: row["id"] for row in api.all("/entity-trait-definitions")}
        self.plain = api.post("/flags", {
            "key": "plain", "name": "plain", "description": "", "flag_type": "boolean", "default_value": False})
        self.rules(value=True)

    def rules(self, value: bool):
        condition = {"operator": "eq", "resource_ids": []}
        conditions = [
            {**condition, "condition_type": "metric", "operator": "gte", "event_subtype": "call", "metric_value": 5},
            {**condition, "condition_type": "trait", "trait_id": self.definitions["region"], "trait_value": "eu"},
            {**condition, "condition_type": "trait", "trait_id": self.definitions["since"], "operator": "lt",
             "trait_value": "2026-02-01"}]
        staff = [
            {**condition, "condition_type": "trait", "trait_id": self.definitions["staff"], "trait_value": "true"},
            {**condition, "condition_type": "plan", "resource_ids": [self.pro.id]}]
        self.api.put(f"/flags/{self.plain['id']}/rules", {"rules": [
            {"name": "busy", "rule_type": "standard", "priority": 1, "value": value, "conditions": conditions,
             "condition_groups": [{"conditions": staff}]},
            {"name": "else", "rule_type": "default", "priority": 9, "value": not value, "conditions": [],
             "condition_groups": []}]})


@pytest.fixture
def world(api):
    return World(api)


def test_every_change_is_followed(server, world):
    api = server.api

    async def life():
        async with Local(server.url, api) as local:
            async def after(change, *arguments, **fields):
                made = await asyncio.to_thread(change, *arguments, **fields)
                await local.agree(BOTH, (ACME, None), (None, WILE))
                return made

            await local.agree(BOTH, (ACME, None), (None, WILE), (None, None))
            for used in (4, 1, 4, 1, 1):
                await after(api.track, event("call", "acme", used))
            assert (await local.check("call", ACME))["value"] is False
            hold = (await after(api.reserve, "acme", "token", 5))
            assert hold["allowed"] is False
            made = await after(api.post, "/company-overrides", {
                "company_id": world.acme["id"], "feature_id": world.call["id"], "value_type": "numeric",
                "value_numeric": 20})
            assert (await local.check("call", ACME))["value"] is True
            local.has_holds = True
            hold = await after(api.reserve, "acme", "call", 9)
            assert hold["allowed"] is True and (await local.check("call", ACME))["value"] is False
            await after(api.release, hold)
            hold = await after(api.reserve, "acme", "call", 5)
            local.has_holds = False
            await after(api.commit, hold, 2)
            await after(api.consume, "acme", "call", 3)
            await after(api.put, f"/company-overrides/{made['id']}", {"value_type": "unlimited"})
            await after(api.delete, f"/company-overrides/{made['id']}")
            await after(api.post, "/company-overrides", {
                "company_id": world.acme["id"], "feature_id": world.sso["id"], "value_type": "boolean",
                "value_bool": True})
            await after(api.post, "/company-traits", {"keys": ACME, "trait": "seats_used", "incr": 1})
            assert (await local.check("seats", ACME))["value"] is False
            await after(api.post, "/company-traits", {"keys": ACME, "trait": "region", "set": "us"})
            await after(api.post, "/companies", {"keys": ACME, "traits": {"region": "eu", "seats_used": 1.5}})
            await after(api.post, "/user-traits", {"keys": WILE, "trait": "staff", "set": "false"})
            await after(api.subscribe, world.acme, world.pro)
            assert (await local.check("plain", ACME, WILE))["value"] is True
            assert (await local.check("call", ACME))["allocation"] == 100
            await after(world.rules, value=False)
            await after(api.track, event("token", "acme", 50))
            await after(api.subscribe, world.acme, world.free)
            await after(api.feature, "fresh", feature_type="boolean")
            await after(api.delete, f"/flags/{world.plain['id']}")

    asyncio.run(life())


def test_measures_of_one_event_are_told_apart(server, world):
    def call(**traits) -> dict:
        made = event("call", "acme")
        made["body"]["traits"] = traits
        return made

    async def life():
        async with Local(server.url, server.api) as local:
            await local.agree((ACME, None))
            for traits in ({"size": 9, "region": "eu"}, {"size": 3, "region": "us"}, {"size": 10, "region": "eu"}):
                await asyncio.to_thread(server.api.track, call(**traits))
                await local.agree((ACME, None))
            checks = {flag: await local.check(flag, ACME) for flag in ("call", "largest", "regions")}
            assert {flag: check["usage"] for flag, check in checks.items()} == {"call": 3, "largest": 10, "regions": 2}
            assert {flag: check["value"] for flag, check in checks.items()} == {
                "call": True, "largest": False, "regions": False}
            # What the SDK counts by itself is a sum.
            await local.sdk.track("call", company=ACME, quantity=2)
            assert (await local.check("call", ACME))["usage"] == 5
            assert (await local.check("largest", ACME))["usage"] == 10

    asyncio.run(life())


def test_what_the_sdk_tracks_itself_is_counted_once(server, world):
    async def life():
        async with Local(server.url, server.api) as local:
            await local.agree((ACME, None))
            for _ in range(5):
                await local.sdk.track("call", company=ACME, quantity=1)
            assert (await local.check("call", ACME))["usage"] == 5
            await local.sdk.event_buffer.flush()
            await asyncio.sleep(0.2)
            await local.agree((ACME, None))
            assert (await local.check("call", ACME))["usage"] == 5

    asyncio.run(life())


def test_who_is_deleted_is_forgotten(server, world):
    api = server.api

    async def life():
        async with Local(server.url, api) as local:
            await local.agree(BOTH)
            await asyncio.to_thread(api.delete, f"/users/{world.wile['id']}")
            await asyncio.to_thread(api.delete, f"/companies/{world.acme['id']}")

            async def is_gone(keys, get):
                for _ in range(100):
                    try:
                        await get(keys)
                    except RuntimeError as error:
                        return "not found" in str(error)
                    await asyncio.sleep(0.02)

            assert await is_gone(ACME, local.engine.get_company)
            assert await is_gone(WILE, local.engine.get_user)

    asyncio.run(life())


@pytest.mark.parametrize("end", ["cut", "stop", "kill"])
def test_after_a_silence_what_was_missed_is_made_good(server, world, end):
    """The SDK asks only for flags when it is back; what it keeps of companies and users must be right all the same."""
    road = Road()
    road.lead_to(server.url)

    async def life():
        async with Local(road.url, server.api) as local, Local(road.url, server.api) as colleague:
            await local.agree(BOTH)
            await colleague.agree((ACME, None))
            await asyncio.to_thread(road.cut)
            if end != "cut":
                await asyncio.to_thread(getattr(server, end))
                await asyncio.to_thread(server.start)
                local.api = colleague.api = server.api
            api = server.api
            await asyncio.to_thread(api.track, event("call", "acme", 10))
            await asyncio.to_thread(api.post, "/user-traits", {"keys": WILE, "trait": "staff", "set": "false"})
            await asyncio.to_thread(api.post, "/company-overrides", {
                "company_id": world.acme["id"], "feature_id": world.sso["id"], "value_type": "boolean",
                "value_bool": True})
            assert (await local.check("call", ACME))["value"] is True
            road.lead_to(server.url)
            for each in (local, colleague):
                await until(each.engine.is_connected)
            await local.agree(BOTH)
            await colleague.agree((ACME, None))
            assert (await local.check("call", ACME))["value"] is False
            await asyncio.to_thread(api.post, "/company-traits", {"keys": ACME, "trait": "seats_used", "incr": 5})
            await local.agree(BOTH)
            await colleague.agree((ACME, None))

    try:
        asyncio.run(life())
    finally:
        road.close()


def test_a_random_life_is_followed(server, world, rng):
    api = server.api
    features = {"call": world.call, "token": world.token, "sso": world.sso, "seats": world.seats}
    overrides, holds = {}, []

    def override():
        name = rng.choice(list(features))
        if name in overrides:
            return api.delete(f"/company-overrides/{overrides.pop(name)}")
        value = {"value_type": "boolean", "value_bool": rng.random() < 0.5} if name == "sso" else rng.choice([
            {"value_type": "unlimited"}, {"value_type": "numeric", "value_numeric": rng.randrange(30)},
            {"value_type": "numeric", "value_numeric": rng.randrange(300), "metric_period": "current_week"}
            if name != "seats" else {"value_type": "numeric", "value_numeric": 1}])
        overrides[name] = api.post("/company-overrides", {
            "company_id": world.acme["id"], "feature_id": features[name]["id"], **value})["id"]

    def hold():
        if holds:
            return api.release(holds.pop())
        made = api.reserve("acme", rng.choice(["call", "token"]), rng.randrange(1, 5))
        holds.extend([made] if made["allowed"] else [])

    steps = [
        override, hold, lambda: api.track(*(event(rng.choice(["call", "token"]), "acme", rng.randrange(1, 4))
                                            for _ in range(rng.randrange(1, 4)))),
        lambda: api.consume("acme", "call", 1),
        lambda: api.manage_plan(world.acme, rng.choice([world.free, world.pro])),
        lambda: api.post("/company-traits", {"keys": ACME, "trait": "seats_used", "set": str(rng.randrange(4))}),
        lambda: api.post("/company-traits", {"keys": ACME, "trait": "region", "set": rng.choice(["eu", "us"])}),
        lambda: world.rules(value=rng.random() < 0.5)]

    async def life():
        async with Local(server.url, api) as local:
            for step in range(60):
                await asyncio.to_thread(rng.choice(steps))
                local.has_holds = bool(holds)
                if rng.random() < 0.6:
                    await local.agree(BOTH)
            await local.agree(BOTH, (ACME, None))

    asyncio.run(life())
