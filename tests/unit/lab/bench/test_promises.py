"""A measurement ends with what was promised, what was measured, and whether it was kept."""

from lab.bench.promises import Promise, compare_promises


def test_each_promise_is_answered_by_its_figure() -> None:
    found = {"paint_s": {"p95": 0.4, "max": 1.2}, "nodes": 941}
    promises = [
        Promise("paint within 1 s", "paint_s.max", 1.0),
        Promise("p95 within 1 s", "paint_s.p95", 1.0),
        Promise("fewer than 941 nodes", "nodes", 941),
    ]
    assert compare_promises(found, promises) == {
        "paint within 1 s": "NOT KEPT: 1.2",
        "p95 within 1 s": "kept: 0.4",
        "fewer than 941 nodes": "NOT KEPT: 941",
    }
