"""Cameras of configurations of Frigate, go2rtc and mediamtx, written for these tests after their documented formats."""

from pathlib import Path

import pytest

from domain.cameras import Camera, RtspTransport
from domain.errors import ConfigError
from sightline.config.foreign_cameras import FileKind, read_foreign_cameras
from sightline.config.imported_cameras import CameraFile

FRIGATE = """
mqtt: {enabled: false}
go2rtc:
  streams:
    yard: ["rtsp://viewer:{FRIGATE_RTSP_PASSWORD}@192.0.2.12:554/h264", "ffmpeg:yard#audio=aac"]
ffmpeg: {hwaccel_args: preset-vaapi}
cameras:
  gate:
    ffmpeg:
      inputs:
        - {path: "rtsp://192.0.2.11/sub", roles: [detect]}
        - {path: "rtsp://192.0.2.11/main", roles: [record], input_args: preset-rtsp-udp}
    detect: {enabled: true, width: 1280, height: 720}
    onvif: {host: 192.0.2.11, port: 8000}
  yard:
    enabled: false
    ffmpeg:
      inputs:
        - {path: "rtsp://127.0.0.1:8554/yard", input_args: preset-rtsp-restream, roles: [record, detect]}
  birdseye:
    ffmpeg: {inputs: [{path: "rtsp://127.0.0.1:8554/other", roles: [detect]}]}
"""

GO2RTC = """
api: {listen: ":1984"}
streams:
  gate: rtsp://viewer:${CAM_PASSWORD}@192.0.2.11/main#backchannel=0
  yard: ["ffmpeg:http://192.0.2.12/video.mjpg#video=h264", "rtsp://192.0.2.12:8554/${STREAM:sub}"]
  door: exec:ffmpeg -i /dev/video0 -f rtsp {output}
  bell: homekit://192.0.2.13?client_id=1
  empty:
"""

MEDIAMTX = """
logLevel: info
pathDefaults: {sourceOnDemand: no, rtspTransport: tcp}
paths:
  gate: {source: "rtsp://viewer:pw@192.0.2.11:554/main", rtspTransport: udp}
  yard: {source: "rtsps://192.0.2.12/main", rtspTransport: automatic}
  pi: {source: rpiCamera}
  pushed:
  call: {source: "srt://192.0.2.14:9000?streamid=read"}
  "~^cam[0-9]+$": {source: "rtsp://192.0.2.15/$MTX_PATH"}
  all_others:
"""

BOMB = "a: &a [x,x,x,x,x,x,x,x,x,x]\n" + "".join(
    f"{name}: &{name} [{','.join([f'*{before}'] * 10)}]\n" for before, name in zip("abcdefg", "bcdefgh", strict=True)
)


def read(folder: Path, text: str, *, local: bool = False, **variables: str) -> CameraFile:
    path = folder / "config.yml"
    path.write_text(text, encoding="utf-8")
    return read_foreign_cameras(path, local=local, environment=variables)


def cameras(found: CameraFile) -> list[Camera]:
    assert found.problems == ()
    return [each.camera for each in found.cameras]


def test_frigate_gives_the_recorded_stream_and_the_camera_behind_its_own_restream(tmp_path: Path) -> None:
    found = read(tmp_path, FRIGATE, FRIGATE_RTSP_PASSWORD="pw")
    assert cameras(found) == [
        Camera("gate", "rtsp://192.0.2.11/main", transport=RtspTransport.UDP, ptz=True),
        Camera("yard", "rtsp://viewer:pw@192.0.2.12:554/h264", enabled=False),
    ]
    (left_out,) = found.skipped
    assert left_out.startswith("cameras.birdseye: is an address of this machine")


def test_go2rtc_gives_the_first_address_of_each_stream(tmp_path: Path) -> None:
    found = read(tmp_path, GO2RTC, CAM_PASSWORD="pw")
    assert cameras(found) == [
        Camera("gate", "rtsp://viewer:pw@192.0.2.11/main"),
        Camera("yard", "http://192.0.2.12/video.mjpg"),
    ]
    assert [line.partition(":")[0] for line in found.skipped] == ["streams.door", "streams.bell", "streams.empty"]
    assert "'exec:' is no address" in found.skipped[0]


def test_mediamtx_gives_the_paths_that_are_fetched_from_cameras(tmp_path: Path) -> None:
    found = read(tmp_path, MEDIAMTX)
    assert cameras(found) == [
        Camera("gate", "rtsp://viewer:pw@192.0.2.11:554/main", transport=RtspTransport.UDP),
        Camera("yard", "rtsps://192.0.2.12/main"),
    ]
    assert [line.partition(":")[0] for line in found.skipped][:3] == ["paths.pi", "paths.pushed", "paths.call"]
    assert len(found.skipped) == 5


@pytest.mark.parametrize(
    "host",
    [
        "127.0.0.1", "127.1", "2130706433", "0x7f000001", "localhost", "LOCALHOST.", "a.localhost", "[::1]", "0.0.0.0",
        "[::ffff:127.0.0.1]", "169.254.169.254", "[fe80::1]", "224.0.0.1",
    ],
)  # fmt: skip
def test_addresses_of_this_machine_are_left_out_unless_allowed(tmp_path: Path, host: str) -> None:
    text = f"streams: {{gate: 'http://u:secret-hunter2@{host}:8642/x'}}\n"
    found = read(tmp_path, text)
    assert (found.cameras, found.problems, len(found.skipped)) == ((), (), 1)
    assert "hunter2" not in found.skipped[0]
    assert len(read(tmp_path, text, local=True).cameras) == 1


def test_what_is_wrong_is_named_and_shows_no_secret(tmp_path: Path) -> None:
    text = (
        "streams:\n  gate: rtsp://u:${NOT_SET}@192.0.2.1/\n  '=x': rtsp://u:secret-hunter2@192.0.2.2/\n"
        "  yard: rtsp://u:secret-hunter2@exa mple/\n"
    )
    found = read(tmp_path, text)
    assert found.cameras == ()
    assert [problem.split(": ")[1] for problem in found.problems] == ["streams.gate", "streams.=x", "streams.yard"]
    assert "variable NOT_SET is not set" in found.problems[0]
    assert "hunter2" not in "".join(found.problems)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (BOMB, "holds more than"),
        ("streams: {a: !!python/object:os.system x}", "tags are not read"),
        ("streams: [a]", "holds no cameras"),
        ("cameras: [{name: a, url: b}]", "is a settings file of Sightline"),
        ("cameras: {}\ngo2rtc: {streams: 3}", "go2rtc.streams: expected keys and values"),
        ("just text", "expected keys and values"),
        ("", "expected keys and values"),
        ("streams: {a: " + "[" * 40, "nested more than"),
        ("x" * (5 << 20), "is larger than"),
    ],
)  # fmt: skip
def test_what_is_no_such_configuration_is_refused(tmp_path: Path, text: str, said: str) -> None:
    with pytest.raises(ConfigError, match=said):
        read(tmp_path, text)


@pytest.mark.parametrize("kind", list(FileKind)[1:])
@pytest.mark.parametrize(
    "entry", ["3", "[]", "{}", "[[]]", "{ffmpeg: 3}", "{ffmpeg: {inputs: 3}}", "{source: 3}", "no"]
)
def test_entries_of_another_shape_are_named_or_left_out(tmp_path: Path, kind: FileKind, entry: str) -> None:
    top = {FileKind.FRIGATE: "cameras", FileKind.GO2RTC: "streams", FileKind.MEDIAMTX: "paths"}[kind]
    found = read(tmp_path, f"{top}: {{gate: {entry}, 7: {entry}}}\n")
    assert found.cameras == ()
    assert len(found.problems) + len(found.skipped) == 2
