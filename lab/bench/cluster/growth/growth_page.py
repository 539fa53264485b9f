"""The measured growth as the text of docs/capacity.md, put between two marks so that one command renews it."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from domain.errors import ConfigError

BEGIN, END = "<!-- growth: written by `sightline bench growth --into docs/capacity.md` -->", "<!-- /growth -->"
PARTS = {
    "ingest": "sending (codec, client)",
    "worker": "workers",
    "broker": "broker",
    "postgres": "Postgres",
    "redis": "Redis",
}
WORKER_SHARE = 0.7
"""How much of its one core a worker may be busy, so that bursts and restarts find room."""
_MIB, _GIB = 1 << 20, 1 << 30


def update_page(page: Path, found: Mapping[str, Any]) -> None:
    """Renew the page's section. Raises `ConfigError` where the page has no marks."""
    whole = page.read_text(encoding="utf-8")
    if BEGIN not in whole or END not in whole:
        raise ConfigError(f"{page} has no lines '{BEGIN}' and '{END}' between which the figures belong")
    before, rest = whole.split(BEGIN, 1)
    after = rest.split(END, 1)[1]
    page.write_text(f"{before}{BEGIN}\n\n{render_figures(found)}\n{END}{after}", encoding="utf-8")


def render_figures(found: Mapping[str, Any]) -> str:
    """Return the section."""
    return "\n\n".join([_intro(found), _lags(found), _costs(found), _formula(found), _checks(found)]) + "\n"


def _intro(found: Mapping[str, Any]) -> str:
    return (
        f"{found['size']}, {found['frames_per_s_per_camera']:g} frame a second and camera, "
        f"{found['seconds_per_point']:g} s a point after all cameras were judged once, one thread a worker; everything "
        f"on one machine with {found['cores']} cores, whose load over the quarter of an hour before was "
        f"{found['load_before']:g}."
    )


def _lags(found: Mapping[str, Any]) -> str:
    rows = [
        [
            str(point["cameras"]),
            str(point["workers"]),
            f"{point['taken_per_s']:.1f}",
            f"{point['stored_per_s']:.1f}",
            _seconds(point["lag_p50_s"]),
            _seconds(point["lag_p95_s"]),
            str(point["behind"]),
            f"{sum(point['cores'].values()):.2f}",
        ]
        for point in found["points"]
    ]
    titles = ["cameras", "workers", "frames/s sent", "stored", "lag p50, s", "p95, s", "waiting at the end", "cores"]
    return _table(titles, rows)


def _costs(found: Mapping[str, Any]) -> str:
    rows = []
    for point in found["points"]:
        judged = point["stored_per_s"] or float("nan")
        sent = point["taken_per_s"] or float("nan")
        shares = [1e3 * point["cores"][part] / (sent if part in ("ingest", "broker") else judged) for part in PARTS]
        sizes = ("wire", "broker", "table", "log")
        rows.append(
            [
                f"{point['cameras']} x {point['workers']}",
                *(f"{share:.1f}" for share in shares),
                *(f"{point[f'{size}_bytes_per_frame']:,.0f}" for size in sizes),
            ]
        )
    titles = ["cameras x workers", *(f"{name}, CPU ms a frame" for name in PARTS.values())]
    return _table([*titles, "bytes sent a frame", "broker's disk", "Postgres: table", "log"], rows)


def _formula(found: Mapping[str, Any]) -> str:
    lines = found["capacity"]["lines"]
    points = ", ".join(f"{cameras} x {workers}" for cameras, workers in found["capacity"]["fitted_on"])
    fit = [
        f"* {name}: {lines[part]['idle_cores']:.3f} cores idle + {1e3 * lines[part]['core_s_per_frame']:.2f} ms a frame"
        for part, name in PARTS.items()
    ]
    last = found["points"][-1]
    wire, table = last["wire_bytes_per_frame"], last["table_bytes_per_frame"]
    each = lines["worker"]["core_s_per_frame"]
    return "\n".join(
        [
            f"Fitted by least squares on {points} (cameras x workers):",
            "",
            *fit,
            "",
            "For N cameras at r frames a second, F = N·r frames a second:",
            "",
            f"* workers (one core each, {WORKER_SHARE:.0%} busy) = F · {1e3 * each:.1f} ms ÷ {WORKER_SHARE:g}, rounded"
            " up; `queue.partitions` no fewer",
            f"* into the broker F · {wire / _MIB:.2f} MiB/s, out the same, times the replicas within it; its disk"
            f" F · {wire / _MIB:.2f} MiB · 60 · (`retention_minutes` · 4/3 + 1), because only closed segments are"
            " deleted",
            f"* Postgres F · {86_400 * table / _GIB:.3f} GiB a day for raw frames, times `raw_days`; its log passes"
            f" {last['log_bytes_per_frame']:,.0f} bytes a frame",
            "",
            _examples(lines, wire, table),
        ]
    )


def _examples(lines: Mapping[str, Any], wire: float, table: float) -> str:
    each = lines["worker"]["core_s_per_frame"]
    rows = []
    for cameras in (16, 100, 500):
        workers = max(1, -(-cameras * each // WORKER_SHARE))
        broker = lines["broker"]["idle_cores"] + lines["broker"]["core_s_per_frame"] * cameras
        store = lines["postgres"]["idle_cores"] + lines["postgres"]["core_s_per_frame"] * cameras
        rows.append(
            [
                str(cameras),
                f"{workers:.0f}",
                f"{cameras * wire / _MIB:.0f}",
                f"{cameras * wire * 60 * 21 / _GIB:.0f}",
                f"{broker:.1f}",
                f"{store:.1f}",
                f"{86_400 * 7 * cameras * table / _GIB:.0f}",
            ]
        )
    titles = ["cameras at 1 frame/s", "workers", "MiB/s in", "broker's disk, GiB (15 min)", "its cores"]
    return _table([*titles, "Postgres' cores", "its disk for 7 days, GiB"], rows)


def _checks(found: Mapping[str, Any]) -> str:
    rows = [
        [
            f"{check['cameras']} x {check['workers']}",
            check["what"],
            f"{check['predicted']:.2f}",
            f"{check['measured']:.2f}",
            f"{100 * (check['predicted'] / check['measured'] - 1):+.0f} %",
        ]
        for check in found["checked"]
    ]
    text = "Held against the points it was not fitted on (where a load was too much: the frames a second reached):"
    return f"{text}\n\n{_table(['cameras x workers', 'what', 'predicted', 'measured', 'off by'], rows)}"


def _seconds(value: float | None) -> str:
    return "-" if value is None else f"{value:.2f}"


def _table(titles: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    lines = [titles, ["---"] * len(titles), *rows]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines)
