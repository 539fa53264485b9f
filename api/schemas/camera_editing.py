"""How cameras are edited over the API: what may be sent, and what is answered."""

from typing import Annotated, Any

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, StringConstraints, model_validator
from pydantic_core import PydanticCustomError

from api.schemas.cameras import PlanAnswer
from api.schemas.inputs import ByPerson
from api.schemas.values import FaultAnswer, Number, SafeText, Time
from domain.camera_changes import CameraChange, describe_change
from domain.cameras import Mask, RtspTransport, SamplingMode
from domain.errors import ConfigError
from domain.faults import Fault
from domain.masks import MAX_MASKS, check_masks
from domain.text.names import MAX_TAGS

MAX_CORNERS = 32

_Text = Annotated[str, StringConstraints(max_length=500)]
_Address = Annotated[str, StringConstraints(min_length=1, max_length=4096)]
_Flag = Annotated[bool, Field(strict=True)]
_Share = Annotated[float, Field(ge=0, le=1, allow_inf_nan=False)]
_Seconds = Annotated[float, Field(gt=0, le=366 * 86_400, allow_inf_nan=False)]


class MaskInput(BaseModel):
    """A part of the picture that is not judged, as fractions of width and height, from the top left.

    It is a rectangle, or with `points` the polygon of these corners (x, y); its rectangle is then worked out here.
    """

    model_config = ConfigDict(extra="forbid")

    left: _Share = 0.0
    top: _Share = 0.0
    width: _Share = 0.0
    height: _Share = 0.0
    points: Annotated[list[tuple[_Share, _Share]], Field(max_length=MAX_CORNERS)] = []

    @model_validator(mode="after")
    def _lies_within(self) -> "MaskInput":
        if self.points:
            around = Mask.polygon(self.points)
            self.left, self.top, self.width, self.height = around.left, around.top, around.width, around.height
            if len(self.points) < 3 or self.width == 0 or self.height == 0:
                raise PydanticCustomError("mask", "Must have three corners or more that enclose an area")
            return self
        if self.width == 0 or self.height == 0 or self.left + self.width > 1.001 or self.top + self.height > 1.001:
            raise PydanticCustomError("mask", "Must be a rectangle within the picture, wider and higher than 0")
        return self


def _leave_a_part_free(masks: list[MaskInput]) -> list[MaskInput]:
    try:
        check_masks([Mask(m.left, m.top, m.width, m.height, tuple(m.points)) for m in masks])
    except ConfigError as error:
        raise PydanticCustomError("masks", "{said}", {"said": str(error)}) from None
    return masks


class PlanInput(BaseModel):
    """Which frames are judged; seconds throughout."""

    model_config = ConfigDict(extra="forbid")

    mode: SamplingMode
    interval_s: _Seconds = 1.0
    judge_s: _Seconds = 10.0
    every_s: _Seconds = 300.0


class FaultInput(BaseModel):
    """One fault of one camera: off, or its sensitivity from 1 (dull) to 10 (keen), 5 is neutral."""

    model_config = ConfigDict(extra="forbid")

    enabled: _Flag = True
    sensitivity: Annotated[int, Field(strict=True, ge=1, le=10)] = 5


class CameraInput(ByPerson):
    """What may be chosen for a camera; what is not sent stays as it is. Faults are merged with those chosen before.

    In `address`, `***` in place of a login keeps the known one, for the same host only.
    """

    address: _Address | None = None
    """RTSP or HTTP address, with the login in it."""
    site: _Text | None = None
    group: _Text | None = None
    """What fails together, such as a switch or a recorder."""
    tags: Annotated[list[_Text], Field(max_length=MAX_TAGS)] | None = None
    """Words by which people find it and routes choose."""
    enabled: _Flag | None = None
    """False: the camera is neither read nor judged."""
    transport: RtspTransport | None = None
    plan: PlanInput | None = None
    ptz: _Flag | None = None
    """It pans: covered and moved are judged in its presets only."""
    lit_at_night: _Flag | None = None
    """The scene is lit all night: a dark picture is a fault."""
    analogue: _Flag | None = None
    """Behind an analogue encoder: snow and stripes are judged."""
    masks: Annotated[list[MaskInput], Field(max_length=MAX_MASKS), AfterValidator(_leave_a_part_free)] | None = None
    """Parts of the picture that no metric or model sees; they must leave a part free."""
    faults: dict[Fault, FaultInput] | None = None
    """Sensitivity and times by key of the fault."""
    device: _Text | None = None
    """What the camera keeps when its address changes, such as its serial number."""

    def values(self) -> dict[str, Any]:
        """Return what was sent in the form of `domain.camera_changes.values_of`, without address and faults."""
        plain = ("site", "group", "tags", "enabled", "ptz", "lit_at_night", "analogue", "device")
        sent: dict[str, Any] = {name: getattr(self, name) for name in plain if getattr(self, name) is not None}
        if self.transport is not None:
            sent["transport"] = self.transport
        if self.plan is not None:
            sent["plan"] = self.plan.model_dump()
        if self.masks is not None:
            sent["masks"] = [
                [list(corner) for corner in each.points]
                or [each.left, each.top, min(each.width, 1 - each.left), min(each.height, 1 - each.top)]
                for each in self.masks
            ]
        return sent


class NewCamera(CameraInput):
    """A camera to add."""

    name: _Text
    address: _Address


class CameraEditInput(CameraInput):
    """An edit; with `last_change` it is refused where somebody else changed the camera since that was read."""

    last_change: Annotated[int, Field(strict=True, ge=0)] | None = None


class CameraTrial(ByPerson):
    """What is tried out: an address, or a known camera, or a known camera at another address."""

    camera: _Text | None = None
    address: _Address | None = None
    transport: RtspTransport = RtspTransport.TCP


class FaultSettingAnswer(FaultAnswer):
    """`adjustable`: the fault is found by bounds, which its sensitivity moves."""

    enabled: bool
    sensitivity: int
    adjustable: bool


class SourceAnswer(BaseModel):
    """Where a camera comes from, and which of both wins.

    `edited` says that it was changed after the settings file gave it; that stays until its entry there changes.
    """

    in_settings_file: bool
    edited: bool
    text: str


class CameraSettingsAnswer(BaseModel):
    """Everything that can be chosen for a camera. The address is shown without its secrets."""

    name: str
    address: str
    site: str
    group: str
    """What fails together, such as a switch or a recorder."""
    tags: list[str]
    """Words by which people find it and routes choose."""
    enabled: bool
    """False: the camera is neither read nor judged."""
    transport: RtspTransport
    plan: PlanAnswer
    ptz: bool
    """It pans."""
    lit_at_night: bool
    """The scene is lit all night: a dark picture is a fault."""
    analogue: bool
    """Behind an analogue encoder."""
    masks: list[MaskInput]
    """Parts of the picture that no metric or model sees."""
    faults: list[FaultSettingAnswer]
    """Every fault, with what was chosen for it."""
    device: str
    """What the camera keeps when its address changes; "" where that is not known."""
    accepted_at: Time | None
    """When somebody accepted the present view as normal."""
    accepted_by: str
    source: SourceAnswer
    """Where these settings come from."""
    last_change: int
    """Id of the newest change, 0 where there was none."""


class CameraChangeAnswer(BaseModel):
    """One change of a camera in words; `id` undoes it where `undoable`, else `why_not` says why that cannot be."""

    id: int
    at: Time
    by: str
    action: str
    camera: str
    text: SafeText
    undoable: bool
    why_not: str


class TrialAnswer(BaseModel):
    """What came of opening a camera once; `picture` is a JPEG in base64, "" where there is none or none may be kept."""

    works: bool
    """Whether a picture came."""
    reason: SafeText
    """Why it does not work, with the next step."""
    seconds: float
    """Until the first picture, or until it was given up."""
    width: int
    """Pixels; 0 without a picture."""
    height: int
    codec: str
    """FFmpeg's name, such as `h264`."""
    fps: Number
    """Frames a second that the camera sends."""
    bitrate_bps: Number
    """Bits a second; null where it is not known."""
    picture: str


def change_answer(change: CameraChange, refusal: str) -> CameraChangeAnswer:
    return CameraChangeAnswer(
        id=change.change_id,
        at=change.at,
        by=change.by,
        action=change.action,
        camera=change.camera,
        text=describe_change(change.before, change.after, hidden=change.hidden),
        undoable=not refusal,
        why_not=refusal,
    )
