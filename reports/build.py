"""Builds a report from what the store keeps: spans, incidents, rollups. No raw frame is read."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import numpy as np

from domain.alerts import Incident
from domain.baselines import LightMode
from domain.faults import Fault, known_fault
from domain.ports import ReportStore
from domain.records import Resolution
from domain.report_files import ReportRequest
from domain.verdict_time import Cut, MetricSeries, StateSum, WatchChange
from evaluation.alerting.alarm_precision import count_incidents, measure_precision
from reports.measures import decline, quality, reliability
from reports.measures.decline import Decline
from reports.measures.reliability import Tally, add_tallies, tally
from reports.records import Bucket, CameraReport, GroupReport, Report, Scope, SiteReport, Summary
from reports.usable_time.counted_time import Watched, changes_by_camera, find_counted_time, place_at
from reports.usable_time.intervals import Interval, cut_into, total
from reports.usable_time.periods import Days, Stretch, Zones, buckets, instant, requested_days, stretch_of
from reports.usable_time.time_parts import TimeParts, add_parts, parts_of, usable_by_light

WORST = 10
_HOURLY_UP_TO = timedelta(days=94)
"""Longer periods take percentiles over daily means: a year of hours is tens of millions of rows."""


@dataclass(frozen=True, slots=True)
class _Site:
    """One site to report on: its days as instants, and its cameras in this period and in the one before."""

    name: str
    zone: ZoneInfo
    whole: Stretch
    buckets: Sequence[Stretch]
    before: Stretch
    cameras: Sequence[Watched]
    earlier: Mapping[str, Watched]


@dataclass(slots=True)
class _CameraTime:
    """What adds up to one camera's part of the report."""

    watched: Watched
    buckets: list[TimeParts]
    before: TimeParts | None
    by_light: Mapping[LightMode, tuple[int, int]]
    tally: Tally
    series: dict[str, MetricSeries] = field(default_factory=dict)


def build_report(store: ReportStore, request: ReportRequest, zones: Zones, now: datetime, *, version: str) -> Report:
    """Return the report of a request. Raises `ConfigError` for days that make no period, and `StoreUnavailable`."""
    days = requested_days(request, now.astimezone(zones.of(request.site)).date())
    scope = Scope(request.site, request.group, request.camera)
    sites = _sites(store, days, scope, zones, now)
    incidents = _incidents(store, sites)
    opened = _incidents_of_period(sites, incidents)
    reports: list[SiteReport] = []
    times: list[_CameraTime] = []
    trends: list[Decline] = []
    for site in sites:
        found = _camera_times(store, site, incidents)
        _add_series(store, site, found)
        trends += _trends(store, site)
        reports.append(_site_report(site, found))
        times += found
    cameras = [camera for site in reports for camera in site.cameras]
    return Report(
        label=days.label,
        scope=scope,
        generated_at=now.astimezone(UTC).replace(microsecond=0),
        version=version,
        summary=_summary(times),
        sites=reports,
        worst=_worst(cameras),
        flapping=_flapping(cameras),
        declines=decline.name_declines(trends, _lost_shares(cameras)),
        models=_models(store, sites),
        notes=_notes(sites, now, begins=instant(days.first, zones.of(request.site))),
        precision=measure_precision(count_incidents(opened)),
        unanswered=sum(incident.answer is None for incident in opened),
    )


def _sites(store: ReportStore, days: Days, scope: Scope, zones: Zones, now: datetime) -> list[_Site]:
    """Return the sites with cameras that were watched in the period, by name."""
    changes = changes_by_camera(store.watch_changes())
    end = min(instant(days.end, zones.default), now)
    windows = store.maintenance_windows()
    by_site: dict[str, list[Sequence[WatchChange]]] = {}
    for name, of_camera in changes.items():
        if scope.camera in ("", name):
            # A camera belongs where it hung when the period ended: a later move leaves a former report as it was.
            # The default zone says when that is, for each site's own zone could claim one camera twice, or never.
            by_site.setdefault(place_at(of_camera, end).site, []).append(of_camera)
    sites = []
    for name in sorted(by_site):
        if scope.site not in ("", name):
            continue
        zone = zones.of(name)
        whole, before = stretch_of(days, zone, now), stretch_of(days.before(), zone, now)
        here = [find_counted_time(each, whole, windows) for each in by_site[name]]
        cameras = [each for each in here if each is not None and scope.group in ("", each.group)]
        earlier = [find_counted_time(each, before, windows) for each in by_site[name]]
        if cameras:
            known = {each.name: each for each in earlier if each is not None}
            sites.append(_Site(name, zone, whole, buckets(days, zone, whole), before, cameras, known))
    return sites


def _incidents(store: ReportStore, sites: Sequence[_Site]) -> Mapping[str, Sequence[Incident]]:
    """Return each camera's incidents of the period, and of the hour before it, whose ends tell what flaps."""
    if not sites:
        return {}
    since = min(site.whole.since for site in sites) - reliability.FLAP_WITHIN
    until = max(site.whole.until for site in sites)
    incidents: dict[str, list[Incident]] = {}
    for incident in store.incidents_between(since, until):
        incidents.setdefault(incident.stream_id, []).append(incident)
    return incidents


def _incidents_of_period(sites: Sequence[_Site], incidents: Mapping[str, Sequence[Incident]]) -> Sequence[Incident]:
    """Return every incident of the cameras reported on that opened in the period; one of several cameras once."""
    found: dict[str, Incident] = {}
    for site in sites:
        names = {camera.name for camera in site.cameras}
        several = [incident for incident in incidents.get("", []) if names & set(incident.members)]
        own = [incident for name in names for incident in incidents.get(name, [])]
        for incident in (*several, *own):
            if site.whole.since <= incident.opened_at < site.whole.until:
                found[incident.incident_id] = incident
    return list(found.values())


def _camera_times(store: ReportStore, site: _Site, incidents: Mapping[str, Sequence[Incident]]) -> list[_CameraTime]:
    """Return the time of every camera of a site, by bucket, and of the period before."""
    width = len(site.buckets) + 1
    pieces = [(bucket.since, bucket.until) for bucket in site.buckets]
    counted = [cut_into(camera.counted, pieces) for camera in site.cameras]
    cuts: list[Cut] = []
    for place, camera in enumerate(site.cameras):
        for bucket, intervals in enumerate(counted[place]):
            cuts += _cuts(place * width + bucket, camera.name, intervals)
        earlier = site.earlier.get(camera.name)
        if earlier is not None:
            cuts += _cuts(place * width + width - 1, camera.name, earlier.counted)
    sums: dict[int, list[StateSum]] = {}
    for each in store.time_in_states(cuts):
        sums.setdefault(each.key, []).append(each)
    found = []
    for place, camera in enumerate(site.cameras):
        keys = range(place * width, place * width + width - 1)
        inside = zip(site.buckets, counted[place], cut_into(camera.maintenance, pieces), keys, strict=True)
        parts = [_parts(bucket, ours, kept, sums.get(key, [])) for bucket, ours, kept, key in inside]
        earlier = site.earlier.get(camera.name)
        last = sums.get(place * width + width - 1, [])
        before = None if earlier is None else _parts(site.before, earlier.counted, earlier.maintenance, last)
        light = usable_by_light(each for key in keys for each in sums.get(key, []))
        tallied = tally(incidents.get(camera.name, []), site.whole, camera.maintenance)
        found.append(_CameraTime(camera, parts, before, light, tallied))
    return found


def _cuts(key: int, camera: str, intervals: Iterable[Interval]) -> Iterable[Cut]:
    return (Cut(key, camera, since, until) for since, until in intervals)


def _parts(
    stretch: Stretch, counted: Sequence[Interval], maintenance: Sequence[Interval], sums: Sequence[StateSum]
) -> TimeParts:
    """Return the parts of a stretch, of which the intervals given count and were maintenance."""
    watched, kept = total(counted), total(maintenance)
    return parts_of(sums, counted=watched, maintenance=kept, unwatched=stretch.duration - watched - kept)


def _add_series(store: ReportStore, site: _Site, times: Sequence[_CameraTime]) -> None:
    names = [each.watched.name for each in times]
    for metric in quality.QUALITY_METRICS:
        resolution = quality_resolution(site.whole)
        found = store.series(metric, names, site.whole.since, site.whole.until, resolution)
        by_name = {series.stream_id: series for series in found}
        for each in times:
            if each.watched.name in by_name:
                each.series[metric] = by_name[each.watched.name]


def quality_resolution(whole: Stretch) -> Resolution:
    """Return over which means the percentiles of a period are taken."""
    return Resolution.HOUR if whole.duration <= _HOURLY_UP_TO else Resolution.DAY


def _trends(store: ReportStore, site: _Site) -> list[Decline]:
    """Return the trend of every camera and kind of decline over the last weeks of the period."""
    until = site.whole.until
    since = until - decline.WINDOW
    hours = decline.noon_hours(since, until, site.zone)
    names = [camera.name for camera in site.cameras]
    found = []
    for watch in decline.WATCHES:
        for series in store.series(watch.metric, names, since, until, Resolution.HOUR, utc_hours=hours):
            days, values = decline.daily_values(series, site.zone)
            trend = decline.trend(series.stream_id, watch, days, values)
            if trend is not None:
                found.append(trend)
    return found


def _site_report(site: _Site, times: Sequence[_CameraTime]) -> SiteReport:
    groups = sorted({each.watched.group for each in times})
    cameras = [
        CameraReport(each.watched.name, site.name, each.watched.group, _summary([each]), each.watched.retired)
        for each in times
    ]
    courses = {
        metric: quality.course((each.series[metric] for each in times if metric in each.series), site.buckets)
        for metric in quality.QUALITY_METRICS
    }
    return SiteReport(
        name=site.name,
        zone=str(site.zone),
        whole=site.whole,
        summary=_summary(times),
        groups=[GroupReport(name, _summary([e for e in times if e.watched.group == name])) for name in groups],
        cameras=sorted(cameras, key=lambda camera: camera.name),
        buckets=[
            Bucket(stretch, add_parts([each.buckets[place] for each in times]))
            for place, stretch in enumerate(site.buckets)
        ],
        courses={metric: found for metric, found in courses.items() if found},
    )


def _summary(times: Sequence[_CameraTime]) -> Summary:
    before = [each.before for each in times if each.before is not None]
    lights = {mode: [each.by_light[mode] for each in times] for mode in LightMode}
    spreads = []
    for metric in quality.QUALITY_METRICS:
        means = [each.series[metric].mean for each in times if metric in each.series]
        found = quality.measure_spread(metric, np.concatenate(means)) if means else None
        spreads += [found] if found is not None else []
    return Summary(
        parts=add_parts([parts for each in times for parts in each.buckets]),
        before=add_parts(before) if before else None,
        by_light={mode: (sum(u for u, _ in pairs), sum(j for _, j in pairs)) for mode, pairs in lights.items()},
        reliability=add_tallies([each.tally for each in times]).summary(),
        spreads=spreads,
        cameras=len(times),
    )


def _worst(cameras: Sequence[CameraReport]) -> Sequence[CameraReport]:
    """Return the cameras that lost most of their counted time to faults; those without any loss are not among them."""
    losing = [camera for camera in cameras if camera.summary.parts.fault_time]
    losing.sort(key=lambda camera: (-camera.summary.parts.fault_time / camera.summary.parts.counted, camera.name))
    return losing[:WORST]


def _flapping(cameras: Sequence[CameraReport]) -> Sequence[CameraReport]:
    found = [camera for camera in cameras if camera.summary.reliability.flaps]
    return sorted(found, key=lambda camera: (-camera.summary.reliability.flaps, camera.name))[:WORST]


def _lost_shares(cameras: Iterable[CameraReport]) -> Mapping[tuple[str, Fault], float]:
    return {
        (camera.name, fault): amount / camera.summary.parts.counted
        for camera in cameras
        for cause, amount in camera.summary.parts.faults.items()
        if camera.summary.parts.counted and (fault := known_fault(cause)) is not None
    }


def _models(store: ReportStore, sites: Sequence[_Site]) -> Mapping[str, Sequence[str]]:
    if not sites:
        return {}
    since, until = min(site.whole.since for site in sites), max(site.whole.until for site in sites)
    return {name: sorted(found) for name, found in sorted(store.models_between(since, until).items())}


def _notes(sites: Sequence[_Site], now: datetime, *, begins: datetime) -> Sequence[str]:
    notes = []
    if not sites and begins >= now:
        notes.append("This period has not begun yet.")
    elif not sites:
        notes.append("No camera was watched in this period.")
    if any(site.whole.until >= now.replace(microsecond=0) for site in sites):
        notes.append("The period is not over yet; what is still to come is left off.")
    if any(quality_resolution(site.whole) is Resolution.DAY for site in sites):
        notes.append("Percentiles of quality are over daily means, for the period is longer than 94 days.")
    return notes
