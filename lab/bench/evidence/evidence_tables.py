"""Adds the pieces up: recall, delay and headline for each fault, false alarms by the hour, today's checks beside."""

from collections.abc import Iterable, Mapping, Sequence
from statistics import median
from typing import Any

from domain.faults import Fault
from lab.bench.evidence.current_practice import FFMPEG, FIXED_BOUNDS, NAMED
from lab.bench.evidence.exact_bounds import Bounds, bound_rate, bound_share

Row = dict[str, Any]


def summarise(found: Mapping[str, Sequence[Any]]) -> dict[str, Any]:
    """Return the tables of the parts that were run, each with its counts, n and bounds."""
    tables: dict[str, Any] = {}
    if found.get("planted"):
        runs = [run for piece in found["planted"] for run in piece["runs"]]
        tables["planted"] = fault_rows(runs)
        tables["planted_total"] = [_total(runs, strength) for strength in ("mild", "medium", "severe")]
    if found.get("real"):
        tables["real"] = [piece for piece in found["real"] if "case" in piece]
        tables["real_right"] = sum(piece["right"] for piece in tables["real"])
        tables["road_cameras"] = [piece for piece in found["real"] if "faulty_called" in piece]
    if found.get("healthy"):
        tables["healthy"] = found["healthy"]
        tables["healthy_false_alarms"] = false_alarms(found["healthy"])
    if found.get("fortnight"):
        tables["fortnight"] = found["fortnight"]
        tables["fortnight_faults"] = fault_rows([run for each in found["fortnight"] for run in each["planted"]])
        tables["fortnight_false_alarms"] = false_alarms(found["fortnight"])
    return tables


def fault_rows(runs: Sequence[Row]) -> list[Row]:
    """Return one row a fault and strength, with today's two kinds of checks beside Sightline.

    Today's checks count as raised where any of them began while the fault was there, as rightly named where one of
    those names this fault.
    """
    rows = []
    for fault, strength in dict.fromkeys((run["fault"], run["strength"]) for run in runs):
        own = [run for run in runs if (run["fault"], run["strength"]) == (fault, strength)]
        delays = [run["delay_s"] for run in own if run["delay_s"] is not None]
        right = sum(run["right_headline"] for run in own)
        rows.append(
            {
                "fault": fault,
                "strength": strength,
                "runs": len(own),
                "raised": sum(run["raised"] for run in own),
                "right_headline": right,
                "recall": as_json(bound_share(right, len(own))),
                "median_delay_s": median(delays) if delays else None,
                "fixed_bounds": _today(own, FIXED_BOUNDS),
                "ffmpeg": _today(own, FFMPEG),
            }
        )
    return rows


def false_alarms(pieces: Sequence[Row]) -> Row:
    """Return the false alarms of healthy hours and their rate a camera-hour, with exact bounds."""
    hours = sum(piece["hours"] for piece in pieces)
    count = sum(len(piece["false_alarms"]) for piece in pieces)
    today = {
        kind: sum(piece["today"].get(name, 0) for piece in pieces for name in names)
        for kind, names in (("fixed_bounds", FIXED_BOUNDS), ("ffmpeg", FFMPEG))
    }
    return {
        "cameras": len(pieces),
        "hours": hours,
        "sightline": {"count": count, "per_hour": as_json(bound_rate(count, hours))},
        **{kind: {"count": number, "per_hour": as_json(bound_rate(number, hours))} for kind, number in today.items()},
    }


def as_json(bounds: Bounds | None) -> list[float] | None:
    """Return [estimate, low, high]."""
    return None if bounds is None else [round(each, 6) for each in (bounds.estimate, bounds.low, bounds.high)]


def _today(runs: Iterable[Row], names: Iterable[str]) -> dict[str, int]:
    kinds = set(names)
    raised = right = 0
    for run in runs:
        alarms = {name for name, after_s in run["today"].items() if name in kinds and after_s >= 0}
        raised += bool(alarms)
        right += any(Fault(run["fault"]) in NAMED[name] for name in alarms)
    return {"raised": raised, "right": right}


def _total(runs: Sequence[Row], strength: str) -> Row:
    own = [run for run in runs if run["strength"] == strength]
    right = sum(run["right_headline"] for run in own)
    return {
        "strength": strength,
        "runs": len(own),
        "raised": sum(run["raised"] for run in own),
        "right_headline": right,
        "recall": as_json(bound_share(right, len(own))),
        "fixed_bounds": _today(own, FIXED_BOUNDS),
        "ffmpeg": _today(own, FFMPEG),
    }


def as_markdown(tables: Mapping[str, Any]) -> str:
    """Return the tables as Markdown, ready for the page of evidence."""
    blocks = []
    if "planted" in tables:
        blocks += [_fault_table([*tables["planted"]]), _total_table(tables["planted_total"])]
    if "real" in tables:
        blocks.append(_real_table(tables["real"]))
    for part in ("healthy", "fortnight"):
        if f"{part}_false_alarms" in tables:
            blocks.append(_alarm_table(part, tables[f"{part}_false_alarms"]))
    if tables.get("fortnight_faults"):
        blocks.append(_fault_table(tables["fortnight_faults"]))
    return "\n\n".join(blocks)


def _fault_table(rows: Sequence[Row]) -> str:
    head = "| fault | strength | raised | right headline | median delay s "
    lines = [head + "| fixed bounds: raised, right | FFmpeg: raised, right |", "|---|---|---|---|---|---|---|"]
    for row in rows:
        delay = "" if row["median_delay_s"] is None else f"{row['median_delay_s']:.0f}"
        n, fixed, ffmpeg = row["runs"], row["fixed_bounds"], row["ffmpeg"]
        lines.append(
            f"| `{row['fault']}` | {row['strength']} | {row['raised']}/{n} | {row['right_headline']}/{n} | {delay} "
            f"| {fixed['raised']}/{n}, {fixed['right']}/{n} | {ffmpeg['raised']}/{n}, {ffmpeg['right']}/{n} |"
        )
    return "\n".join(lines)


def _total_table(rows: Sequence[Row]) -> str:
    lines = [
        "| strength | n | raised | right headline | 95 % bounds | fixed bounds: right | FFmpeg: right |",
        "|---|---|---|---|---|---|---|",
    ]
    for row in rows:
        low, high = (row["recall"] or [0, 0, 0])[1:]
        lines.append(
            f"| {row['strength']} | {row['runs']} | {row['raised']} | {row['right_headline']} "
            f"| {low:.2f} to {high:.2f} | {row['fixed_bounds']['right']} | {row['ffmpeg']['right']} |"
        )
    return "\n".join(lines)


def _real_table(rows: Sequence[Row]) -> str:
    lines = ["| case | headline | after s | should be | right | today's checks |", "|---|---|---|---|---|---|"]
    for row in rows:
        delay = "" if row["delay_s"] is None else f"{row['delay_s']:.1f}"
        should = " or ".join(f"`{name}`" for name in row["should_be"]) or "nothing"
        said = f"`{row['headline']}`" if row["headline"] else "nothing"
        today = ", ".join(row["today"]) or "nothing"
        lines.append(f"| {row['case']} | {said} | {delay} | {should} | {'yes' if row['right'] else 'no'} | {today} |")
    return "\n".join(lines)


def _alarm_table(part: str, row: Row) -> str:
    lines = [
        f"| {part}: {row['cameras']} films, {row['hours']:.1f} camera-hours | false | a camera-hour, 95 % bounds |",
        "|---|---|---|",
    ]
    for kind, name in (("sightline", "Sightline"), ("fixed_bounds", "fixed bounds"), ("ffmpeg", "FFmpeg's detectors")):
        rate = row[kind]["per_hour"]
        bounds = "" if rate is None else f"{rate[0]:.4f} ({rate[1]:.4f} to {rate[2]:.4f})"
        lines.append(f"| {name} | {row[kind]['count']} | {bounds} |")
    return "\n".join(lines)
