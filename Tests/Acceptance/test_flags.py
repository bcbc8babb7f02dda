"""Flags, their rules and features over HTTP."""

import threading

from api import Api


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
