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
        execution = ours.begin({"done": 0, "wanted": count}).result()
        assert ours.ended(execution)["done"] == count
        return count

    def many(count: int) -> int:
        begun = [ours.begin({"done": 0, "wanted": count}) for _ in range(AT_ONCE)]
        assert all(ours.ended(execution.result())["done"] == count for execution in begun)
        return AT_ONCE * count

    def orders(count: int) -> int:
        for _ in range(count):
            execution = ours.begin({"order_id": "12345"}).result()
            assert ours.ended(execution)["status"] == "processed"
        return 2 * count

    def many_orders(count: int) -> int:
        begun = [ours.begin({"order_id": "12345"}) for _ in range(count)]
        assert all(ours.ended(e.result())["status"] == "processed" for e in begun)
        return 2 * count

    orders_rounds = {"one": orders, "many": many_orders}
    serve({"one": one, "many": many} if what == "steps" else orders_rounds)
    ours.close()


main(*sys.argv[1:])
