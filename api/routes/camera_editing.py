"""Act on cameras without a shell: add, edit, try out, accept, remove, and undo. Every change is audited."""

import threading
from base64 import b64encode
from dataclasses import asdict
from typing import Annotated, Any

from fastapi import APIRouter, HTTPException, Query

from api.backend import Backend
from api.error_responses import camera_not_found
from api.request_context import BackendDependency
from api.routes.cameras import find_camera
from api.schemas.camera_editing import (
    CameraChangeAnswer,
    CameraEditInput,
    CameraInput,
    CameraSettingsAnswer,
    CameraTrial,
    FaultSettingAnswer,
    MaskInput,
    NewCamera,
    SourceAnswer,
    TrialAnswer,
    change_answer,
)
from api.schemas.cameras import PlanAnswer
from api.schemas.inputs import ByPerson
from api.security.request_limits import one_line
from api.security.strict_json import StrictRoute
from domain.camera_changes import (
    BY_SETTINGS,
    CameraAction,
    CameraChange,
    CameraChangedMeanwhile,
    camera_to_restore,
    keep_login,
    undo_edit,
    with_fault,
    with_values,
)
from domain.cameras import Camera, FaultSetting
from domain.errors import ConfigError
from domain.faults import FAULT_LABELS, Fault
from domain.text.addresses import parse_address
from domain.text.camera_urls import clean_camera_url, redact_url
from domain.text.names import clean_label, clean_name, clean_tags
from evaluation.alerting.alarm_precision import has_sensitivity

MAX_CHANGES = 500
_TRIALS = threading.BoundedSemaphore(2)
"""A trial starts a reading process and may wait for seconds."""
_LOCAL_FILE = "address: a file of this machine is added in the settings file or by `sightline cameras add`"

router = APIRouter(tags=["cameras"], route_class=StrictRoute)
_CONFLICT: dict[int | str, dict[str, Any]] = {
    409: {"description": "Changed by somebody else meanwhile, or it cannot be undone."}
}


@router.post("/cameras", status_code=201, responses={409: {"description": "The name is taken."}})
def add_camera(new: NewCamera, backend: BackendDependency) -> CameraSettingsAnswer:
    """Watch a new camera."""
    try:
        camera = _apply_edit(Camera(clean_name(new.name), _clean_address(new.address)), new)
    except ConfigError as error:
        raise _refusal(error) from None
    if not backend.stream_store.add_camera(camera, by=new.by, at=backend.clock.now()):
        raise HTTPException(409, f"there is a camera named '{camera.name}' already; choose another name, or edit it")
    return _settings_answer(backend, camera)


@router.get("/cameras/{name}/settings")
def camera_settings(name: str, backend: BackendDependency) -> CameraSettingsAnswer:
    """Return what is chosen for a camera, and where it comes from."""
    return _settings_answer(backend, find_camera(backend, name))


@router.patch("/cameras/{name}", responses=_CONFLICT)
def edit_camera(name: str, edit: CameraEditInput, backend: BackendDependency) -> CameraSettingsAnswer:
    """Change what is sent, and leave the rest. It applies within seconds.

    The camera is connected again only where its address, transport or plan changes.
    """
    at, last_change = backend.clock.now(), edit.last_change
    try:
        edited = backend.stream_store.edit_camera(
            name, lambda camera: _apply_edit(camera, edit), by=edit.by, at=at, last_change=last_change
        )
    except CameraChangedMeanwhile as error:
        raise HTTPException(409, one_line(str(error), 300)) from None
    except ConfigError as error:
        raise _refusal(error) from None
    if edited is None:
        raise camera_not_found(name)
    return _settings_answer(backend, edited)


@router.post("/cameras/{name}/remove")
def remove_camera(name: str, person: ByPerson, backend: BackendDependency) -> CameraChangeAnswer:
    """Retire a camera; its history stays until its retention ends."""
    if not backend.stream_store.remove_camera(name, by=person.by, at=backend.clock.now()):
        raise camera_not_found(name)
    change = backend.stream_store.camera_changes(name, limit=1)[0]
    return change_answer(change, _undo_refusal(backend, change))


@router.post("/cameras/{name}/accept")
def accept_view(name: str, person: ByPerson, backend: BackendDependency) -> CameraSettingsAnswer:
    """Declare the present view normal, after the camera was moved or refocused on purpose."""
    if not backend.stream_store.accept_view(name, by=person.by, at=backend.clock.now()):
        raise camera_not_found(name)
    return _settings_answer(backend, find_camera(backend, name))


@router.post("/camera-trials")
def try_camera(trial: CameraTrial, backend: BackendDependency) -> TrialAnswer:
    """Open a camera once, in a process with limits of time and memory, and say what came of it; nothing is stored.

    It is opened from the machine that serves this, which in a cluster may see other networks than ingest.
    """
    if backend.services.camera_tester is None:
        raise HTTPException(404, "cameras are not tried out by this process")
    camera = _camera_to_try(backend, trial)
    if not _TRIALS.acquire(blocking=False):
        raise HTTPException(503, "two cameras are being tried out; try again in a minute", {"Retry-After": "30"})
    try:
        result = backend.services.camera_tester.test(camera)
    finally:
        _TRIALS.release()
    return TrialAnswer(
        works=result.works,
        reason=result.reason,
        seconds=round(result.seconds, 1),
        width=result.width,
        height=result.height,
        codec=result.codec,
        fps=result.fps,
        bitrate_bps=result.bitrate_bps,
        picture=b64encode(result.picture).decode() if backend.pictures else "",
    )


@router.get("/camera-changes")
def camera_changes(
    backend: BackendDependency,
    camera: str | None = None,
    limit: Annotated[int, Query(ge=1, le=MAX_CHANGES)] = 50,
) -> list[CameraChangeAnswer]:
    """Return who changed which camera, when, from what to what; the latest first."""
    changes = backend.stream_store.camera_changes(camera, limit=limit)
    return [change_answer(change, _undo_refusal(backend, change)) for change in changes]


@router.post("/camera-changes/{change_id}/undo", responses=_CONFLICT)
def undo_change(change_id: int, person: ByPerson, backend: BackendDependency) -> CameraChangeAnswer:
    """Take a change back, as a change of its own; what was changed otherwise meanwhile stays."""
    change = backend.stream_store.camera_change(change_id) if 0 < change_id <= 2**62 else None
    if change is None:
        raise HTTPException(404, "there is no such change")
    reason = _undo_refusal(backend, change)
    if reason:
        raise HTTPException(409, one_line(reason, 300))
    try:
        undone = _undo(backend, change, person.by)
    except ConfigError as error:
        raise HTTPException(409, one_line(str(error), 300)) from None
    if not undone:
        raise HTTPException(409, f"'{change.camera}' was changed at this moment; read its changes again")
    latest = backend.stream_store.camera_changes(change.camera, limit=1)[0]
    return change_answer(latest, _undo_refusal(backend, latest))


def _undo(backend: Backend, change: CameraChange, by: str) -> bool:
    store, at = backend.stream_store, backend.clock.now()
    if change.after is None:
        return store.add_camera(camera_to_restore(change), by=by, at=at)
    if change.before is None:
        return store.remove_camera(change.camera, by=by, at=at)
    action = f"undo {change.action.removeprefix('undo ')}"
    undone = store.edit_camera(change.camera, lambda now: undo_edit(now, change), by=by, at=at, action=action)
    return undone is not None


def _undo_refusal(backend: Backend, change: CameraChange) -> str:
    """Return why a change cannot be undone now, or "" where it can."""
    now = backend.camera_cache.read().cameras.get(change.camera)
    if change.action == CameraAction.ACCEPT:
        return "what was normal before is not kept; the view is being learned again"
    try:
        if change.after is None:
            if now is not None:
                return f"there is a camera named '{change.camera}' again"
            camera_to_restore(change)
        elif now is None:
            return f"'{change.camera}' was removed since"
        elif change.before is None:
            latest = backend.stream_store.camera_changes(change.camera, limit=1)[0]
            return "" if latest.change_id == change.change_id else "it was changed since; remove the camera instead"
        else:
            undo_edit(now, change)
    except ConfigError as error:
        return str(error).partition(": ")[2]
    return ""


def _apply_edit(camera: Camera, sent: CameraInput) -> Camera:
    """Return the camera with what was sent. Raises `ConfigError` for what may not be."""
    values = sent.values()
    for name in ("site", "group", "device"):
        if name in values:
            values[name] = clean_label(values[name], where=name)
    if "tags" in values:
        values["tags"] = clean_tags(values["tags"], where="tags")
    if sent.address is not None:
        url = keep_login(sent.address, camera.url)
        values["address"] = url if url == camera.url else _clean_address(url)
    camera = with_values(camera, values)
    for fault, chosen in (sent.faults or {}).items():
        camera = with_fault(camera, fault, FaultSetting(chosen.enabled, chosen.sensitivity))
    return camera


def _clean_address(typed: str) -> str:
    """Return an address that may be opened from the network. Raises `ConfigError`.

    A file is refused here: whoever reaches this page could look into the files of this machine with it.
    """
    url = clean_camera_url(typed, where="address")
    address = parse_address(url)
    if address is None or address.scheme.lower() == "file":
        raise ConfigError(_LOCAL_FILE)
    return url


def _camera_to_try(backend: Backend, trial: CameraTrial) -> Camera:
    camera = find_camera(backend, trial.camera) if trial.camera is not None else None
    if trial.address is None:
        if camera is None:
            raise HTTPException(422, "address: needed, or the name of a camera")
        return camera
    try:
        url = keep_login(trial.address, camera.url if camera is not None else "")
        if camera is None or url != camera.url:
            url = _clean_address(url)
    except ConfigError as error:
        raise _refusal(error) from None
    return Camera("trial", url, transport=trial.transport)


def _refusal(error: ConfigError) -> HTTPException:
    return HTTPException(422, one_line(str(error), 300))


def _settings_answer(backend: Backend, camera: Camera) -> CameraSettingsAnswer:
    changes = backend.stream_store.camera_changes(camera.name, limit=1)
    return CameraSettingsAnswer(
        name=camera.name,
        address=redact_url(camera.url),
        site=camera.site,
        group=camera.group,
        tags=list(camera.tags),
        enabled=camera.enabled,
        transport=camera.transport,
        plan=PlanAnswer.model_validate(camera.plan),
        ptz=camera.ptz,
        lit_at_night=camera.lit_at_night,
        analogue=camera.analogue,
        masks=[MaskInput.model_construct(**(asdict(mask) | {"points": list(mask.points)})) for mask in camera.masks],
        faults=[_fault_answer(camera, fault) for fault in Fault],
        device=camera.device,
        accepted_at=camera.accepted_at,
        accepted_by=camera.accepted_by,
        source=_source(backend, camera.name, changes[0] if changes else None),
        last_change=changes[0].change_id if changes else 0,
    )


def _fault_answer(camera: Camera, fault: Fault) -> FaultSettingAnswer:
    chosen = camera.faults.get(fault, FaultSetting())
    return FaultSettingAnswer(
        fault=fault,
        label=FAULT_LABELS[fault],
        enabled=chosen.enabled,
        sensitivity=chosen.sensitivity,
        adjustable=has_sensitivity(fault),
    )


def _source(backend: Backend, name: str, last: CameraChange | None) -> SourceAnswer:
    in_file = name in backend.stream_store.settings_digests()
    edited = in_file and last is not None and last.by != BY_SETTINGS
    if not in_file:
        text = "Added on the page or by a command. The settings file does not know it."
    elif edited:
        text = (
            "From the settings file, and changed since. The changes stay until its entry in the file changes; "
            "then the file wins."
        )
    else:
        text = "From the settings file. A change made here wins until its entry in the file changes."
    return SourceAnswer(in_settings_file=in_file, edited=edited, text=text)
