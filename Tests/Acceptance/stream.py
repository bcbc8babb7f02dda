"""Clients of streams: a raw websocket, the official SDK deciding by itself, and a road to the server that can be cut."""

import asyncio
import contextlib
import json
import logging
import socket
import threading

from schematic import CheckFlagRequestBody
from schematic.client import AsyncSchematic, AsyncSchematicConfig
from websockets.sync.client import connect

from server import SECRET_KEY

PATIENCE = 20
KIND = "rulesengine."


class Stream:
    """A websocket on `path`, message by message."""

    def __init__(self, url: str, path: str = "/datastream", key: str | None = SECRET_KEY):
        headers = {} if key is None else {"X-Schematic-Api-Key": key}
        self._opening = connect(
            url.replace("http", "ws", 1) + path, additional_headers=headers, max_size=None, open_timeout=PATIENCE,
            close_timeout=PATIENCE)

    def __enter__(self):
        self.socket = self._opening.__enter__()
        return self

    def __exit__(self, *why):
        self._opening.__exit__(*why)

    def say(self, message):
        self.socket.send(message if isinstance(message, (str, bytes)) else json.dumps(message))

    def hear(self, seconds: float = PATIENCE) -> dict:
        return json.loads(self.socket.recv(timeout=seconds))

    def is_silent(self, seconds: float = 0.3) -> bool:
        with contextlib.suppress(TimeoutError):
            raise AssertionError(f"nothing was to be told: {self.hear(seconds)}")
        return True

    def ask(self, action: str, entity: str, **keys) -> dict:
        self.order(action, entity, **keys)
        return self.hear()

    def order(self, action: str, entity: str, **keys):
        self.say({"data": {"action": action, "entity_type": KIND + entity, **({"keys": keys} if keys else {})}})

    def hear_of(self, entity: str, kind: str) -> dict:
        """The next message's data, which must be of this kind."""
        message = self.hear()
        assert (message["entity_type"], message["message_type"]) == (KIND + entity, kind), message
        return message["data"]


class Local:
    """The SDK in DataStream mode, and the server that it must agree with."""

    def __init__(self, url: str, api):
        self.api = api
        # Held units count as used for both, but only the server can show them apart.
        self.has_holds = False
        self.sdk = AsyncSchematic(SECRET_KEY, AsyncSchematicConfig(
            base_url=url, event_capture_url=url, use_datastream=True, cache_providers=[], timeout=30,
            event_buffer_period=1, log_level=logging.ERROR))

    async def __aenter__(self):
        await self.sdk.initialize()
        self.engine = self.sdk._get_datastream()
        await until(self.engine.is_connected)
        return self

    async def __aexit__(self, *_):
        await self.sdk.shutdown()

    async def check(self, flag: str, company=None, user=None) -> dict:
        """What the SDK decides without asking the server."""
        found = await self.engine.check_flag(CheckFlagRequestBody(company=company, user=user), flag)
        return self.shown(json.loads(found.json(exclude_none=True)))

    async def remote(self, company=None, user=None) -> dict:
        body = {name: keys for name, keys in (("company", company), ("user", user)) if keys}
        answers = await asyncio.to_thread(self.api.post, "/flags/check", body)
        return {answer["flag"]: self.shown(answer) for answer in answers["flags"]}

    async def agree(self, *contexts: tuple, seconds: float = 3):
        """Waits until the SDK decides every flag as the server does; fails when it does not come to that."""
        for company, user in contexts:
            remote = await self.remote(company, user)
            assert remote
            for attempt in range(int(seconds * 50)):
                local = {}
                for flag in remote:
                    with contextlib.suppress(RuntimeError):
                        local[flag] = await self.check(flag, company, user)
                if local == remote:
                    break
                await asyncio.sleep(0.02)
            assert local == remote, f"{company} {user}"

    def shown(self, answer: dict) -> dict:
        """What both engines must say alike. Without a rule each has words of its own."""
        entitlement = answer.get("entitlement")
        return {
            "value": answer["value"], "rule": answer.get("rule_id"), "type": answer.get("rule_type"),
            **({"reason": answer["reason"]} if answer.get("rule_id") else {}),
            "usage": None if self.has_holds else answer.get("feature_usage"),
            "allocation": answer.get("feature_allocation"),
            # The counter of a measure has a name that no event has, with the event's before it.
            "event": (answer.get("feature_usage_event") or "").split(" (")[0],
            "period": answer.get("feature_usage_period"),
            "entitlement": entitlement and {
                name: entitlement.get(name)
                for name in ("feature_key", "value_type", "allocation", "usage", "soft_limit", "metric_period")},
        }


async def until(condition, seconds: float = PATIENCE):
    async with asyncio.timeout(seconds):
        while not condition():
            await asyncio.sleep(0.02)


class Road:
    """A port that leads to the server, wherever that is now. Cutting it ends all connections."""

    def __init__(self):
        self.target = None
        self.ends = []
        self.lock = threading.Lock()
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self.listener.getsockname()[1]}"
        threading.Thread(target=self._accept, daemon=True).start()

    def lead_to(self, url: str):
        host, port = url.removeprefix("http://").split(":")
        self.target = (host, int(port))

    def cut(self):
        with self.lock:
            self.target = None
            for end in self.ends:
                with contextlib.suppress(OSError):
                    end.shutdown(socket.SHUT_RDWR)
            self.ends = []

    def close(self):
        self.listener.close()
        self.cut()

    def _accept(self):
        while True:
            try:
                near, _ = self.listener.accept()
            except OSError:
                return
            try:
                far = socket.create_connection(self.target)
            except (OSError, TypeError):
                near.close()
                continue
            with self.lock:
                self.ends += [near, far]
            for one, other in ((near, far), (far, near)):
                threading.Thread(target=self._carry, args=(one, other), daemon=True).start()

    @staticmethod
    def _carry(one, other):
        with contextlib.suppress(OSError):
            while data := one.recv(1 << 16):
                other.sendall(data)
        for end in (one, other):
            with contextlib.suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)
