"""Our runner on a database: in_ours.py URL steps|orders.  The same rounds as its peers' have."""

from __future__ import annotations

import sys

from tests.bench.rivals import in_amz_example, work
from tests.bench.rivals.rounds import serve

AT_ONCE = 200


def main(url: str, what: str) -> None:
    """Rounds, until the input ends."""
    ours = work.Ours(url, {"steps": work.STEPS, "orders": in_amz_example.DEFINITION}[what])

    def one(count: int) -> int:
        assert work.output(ours.run({"done": 0, "wanted": count}))["done"] == count
        return 2 * count

    def many(count: int) -> int:
        running = [ours.run({"done": 0, "wanted": count}) for _ in range(AT_ONCE)]
        assert all(work.output(ended)["done"] == count for ended in running)
        return AT_ONCE * 2 * count

    def orders(count: int) -> int:
        for _ in range(count):
            assert work.output(ours.run({"order_id": "12345"}))["status"] == "processed"
        return 2 * count

    def many_orders(count: int) -> int:
        running = [ours.run({"order_id": "12345"}) for _ in range(count)]
        assert all(work.output(ended)["status"] == "processed" for ended in running)
        return 2 * count

    orders_rounds = {"one": orders, "many": many_orders}
    serve({"one": one, "many": many} if what == "steps" else orders_rounds)
    ours.close()


main(*sys.argv[1:])
