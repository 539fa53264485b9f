"""Which rows somebody sees whose account is for some sites and cameras, as conditions that the database checks itself.

A camera counts by the site where it is watched now, and where it is watched no more by the site it had. Each way to be
seen is a query of its own over an index, so that reading takes as long as one's own rows take, whatever else is there.
"""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Connection,
    Select,
    Text,
    and_,
    case,
    func,
    or_,
    select,
    type_coerce,
    union,
)

from domain.access import AccessScope
from storage.sql.schema import tables

Conditions = Sequence[ColumnElement[bool]]
_NO_SITE = ""


def visible_alerts(scope: AccessScope) -> Conditions:
    """Alerts are kept of cameras that are watched, and go with them."""
    return () if scope.is_unrestricted else [tables.alerts.c.stream_id.in_(_watched(scope))]


def visible_incidents(connection: Connection, scope: AccessScope) -> Conditions:
    """An incident of several cameras is seen by whoever sees them all."""
    if scope.is_unrestricted:
        return ()
    table = tables.incidents
    own = _of_cameras(scope, table.c.incident_id, table.c.stream_id, table.c.site)
    groups = select(table.c.incident_id).where(
        table.c.stream_id == "", _sees_members(connection, scope, table.c.document, table.c.site)
    )
    return [table.c.incident_id.in_(union(*own, groups))]


def visible_messages(connection: Connection, scope: AccessScope) -> Conditions:
    """A message is seen with its incident."""
    if scope.is_unrestricted:
        return ()
    incident = tables.shadow_messages.c.incident
    camera, site = (_text_of(connection, incident, name) for name in ("stream_id", "site"))
    return [
        or_(
            and_(camera != "", _sees(scope, camera, site)),
            and_(camera == "", _sees_members(connection, scope, incident, site)),
        )
    ]


def visible_changes(connection: Connection, scope: AccessScope) -> Conditions:
    if scope.is_unrestricted:
        return ()
    table = tables.camera_changes
    before, after = (_text_of(connection, values, "site") for values in (table.c.before_values, table.c.after_values))
    site = case((table.c.before_values.is_not(None), before), else_=after)
    return [table.c.id.in_(union(*_of_cameras(scope, table.c.id, table.c.camera, site)))]


def visible_lines(scope: AccessScope) -> Conditions:
    """A line of the audit is about a camera, or about a whole site, or about neither."""
    if scope.is_unrestricted:
        return ()
    table = tables.audit
    own = _of_cameras(scope, table.c.id, table.c.camera, table.c.site)
    sites = select(table.c.id).where(table.c.site.in_(_sites(scope)), table.c.camera == "")
    return [table.c.id.in_(union(*own, sites))]


def _of_cameras(
    scope: AccessScope, key: ColumnElement[Any], camera: ColumnElement[str], site_then: ColumnElement[str]
) -> list[Select[Any]]:
    """Return the queries for the keys of the rows of single cameras that may be seen."""
    retired = and_(camera.not_in(select(tables.cameras.c.name)), camera != "", site_then.in_(_sites(scope)))
    return [select(key).where(each) for each in (camera.in_(_watched(scope)), camera.in_(_names(scope)), retired)]


def _sees(scope: AccessScope, camera: ColumnElement[str], site_then: ColumnElement[str]) -> ColumnElement[bool]:
    retired = and_(camera.not_in(select(tables.cameras.c.name)), site_then.in_(_sites(scope)))
    return or_(camera.in_(_watched(scope)), camera.in_(_names(scope)), retired)


def _sees_members(
    connection: Connection, scope: AccessScope, incident: ColumnElement[Any], site: ColumnElement[str]
) -> ColumnElement[bool]:
    """Return whether every camera of an incident may be seen; `site` is known to be that of a camera only of one."""
    members = _members(connection, incident)
    name = members.c.value
    number = select(func.count()).select_from(members).scalar_subquery()
    site_then = case((number == 1, site), else_=_NO_SITE)
    foreign = select(name).select_from(members).where(~_sees(scope, name, site_then)).exists()
    return and_(number > 0, ~foreign)


def _watched(scope: AccessScope) -> Select[Any]:
    table = tables.cameras
    return select(table.c.name).where(or_(table.c.site.in_(_sites(scope)), table.c.name.in_(_names(scope))))


def _sites(scope: AccessScope) -> list[str]:
    return sorted(scope.sites - {_NO_SITE})


def _names(scope: AccessScope) -> list[str]:
    return sorted(scope.cameras - {""})  # an incident of several cameras has no camera of its own


def _members(connection: Connection, incident: ColumnElement[Any]) -> Any:
    if connection.dialect.name == "postgresql":
        each = func.jsonb_array_elements_text(func.jsonb_extract_path(incident, "members")).table_valued("value")
    else:
        each = func.json_each(incident, "$.members").table_valued("value")
    return each


def _text_of(connection: Connection, document: ColumnElement[Any], name: str) -> ColumnElement[str]:
    """Return a text of a JSON object, "" where it has none."""
    if connection.dialect.name == "postgresql":
        found: Any = func.jsonb_extract_path_text(document, name)
    else:
        found = func.json_extract(document, f"$.{name}")
    return func.coalesce(type_coerce(found, Text), "")
