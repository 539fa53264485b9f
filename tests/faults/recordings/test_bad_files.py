"""Files nobody would choose: damaged, tiny, huge, odd, grey, deep, full range; each is read as it is or refused."""

from pathlib import Path

import av
import numpy as np
import pytest

from domain.cameras import SamplingMode, SamplingPlan
from domain.errors import CodecUnsupported, NoVideo, SourceUnavailable
from domain.frames import ColorRange
from tests.cameras.films import draw_test_picture, write_test_film
from tests.cameras.source_reading import read_source


def test_garbage_bytes_are_no_video(tmp_path: Path) -> None:
    path = tmp_path / "noise.mp4"
    path.write_bytes(np.random.default_rng(1).bytes(100_000))
    result = read_source(str(path))
    assert type(result.error) is SourceUnavailable
    assert "not a video" in str(result.error)


def test_a_text_file_is_no_video(tmp_path: Path) -> None:
    path = tmp_path / "notes.txt"
    path.write_text("car park, gate 3\n" * 100)
    assert isinstance(read_source(str(path)).error, SourceUnavailable)


def test_an_absent_file_and_a_folder_are_distinguished(tmp_path: Path) -> None:
    assert "no such file" in str(read_source(str(tmp_path / "none.mp4")).error)
    assert "folder" in str(read_source(str(tmp_path)).error)


def test_a_truncated_recording_gives_what_it_has(tmp_path: Path) -> None:
    whole = write_test_film(tmp_path / "whole.ts", frames=60)
    content = whole.read_bytes()
    cut = tmp_path / "cut.ts"
    cut.write_bytes(content[: len(content) // 2])
    result = read_source(str(cut))
    assert 15 <= len(result.frames) < 60
    assert result.error is None


def test_an_mp4_cut_before_its_index_is_refused_with_the_reason(tmp_path: Path) -> None:
    content = write_test_film(tmp_path / "whole.mp4").read_bytes()
    cut = tmp_path / "cut.mp4"
    cut.write_bytes(content[: content.rindex(b"moov") - 4])
    assert "cut off before its index" in str(read_source(str(cut)).error)


def test_bytes_damaged_in_the_middle_are_counted_and_reading_goes_on(tmp_path: Path) -> None:
    path = write_test_film(tmp_path / "film.ts", frames=60, size=(480, 320), options={"crf": "5"})
    content = bytearray(path.read_bytes())
    for start in range(len(content) // 3, len(content) * 2 // 3, 188 * 40):
        content[start + 20 : start + 60] = b"\xa5" * 40
    path.write_bytes(bytes(content))
    result = read_source(str(path))
    assert result.counters.decode_errors > 0
    assert len(result.frames) >= 30


@pytest.mark.parametrize("size", [(16, 16), (7680, 4320)])
def test_the_smallest_and_the_largest_pictures_arrive_whole(tmp_path: Path, size: tuple[int, int]) -> None:
    path = write_test_film(tmp_path / "film.mp4", frames=2, size=size, options={"preset": "ultrafast"})
    result = read_source(str(path))
    assert [frame.planes[0].shape for frame in result.frames] == [(size[1], size[0])] * 2


def test_odd_sizes_keep_their_last_row_and_column(tmp_path: Path) -> None:
    path = write_test_film(tmp_path / "film.mkv", frames=2, size=(161, 97), codec="ffv1")
    frame = read_source(str(path)).frames[0]
    assert [plane.shape for plane in frame.planes] == [(97, 161), (49, 81), (49, 81)]


@pytest.mark.parametrize(
    ("codec", "pixel_format", "planes", "dtype"),
    [
        ("ffv1", "gray", 1, np.uint8),
        ("ffv1", "gray10le", 1, np.uint16),
        ("libx264", "yuv420p10le", 3, np.uint16),
        ("libx264", "yuv422p", 3, np.uint8),
        ("libx264", "yuv444p", 3, np.uint8),
    ],
)
def test_grey_and_deep_video_travel_in_their_own_samples(
    tmp_path: Path, codec: str, pixel_format: str, planes: int, dtype: type
) -> None:
    frame = read_source(
        str(write_test_film(tmp_path / "film.mkv", frames=2, codec=codec, pixel_format=pixel_format))
    ).frames[0]
    assert frame.format.pixel_format == pixel_format
    assert len(frame.planes) == planes
    assert {plane.dtype for plane in frame.planes} == {np.dtype(dtype)}


@pytest.mark.parametrize(("declared", "expected"), [(1, ColorRange.LIMITED), (2, ColorRange.FULL)])
def test_limited_and_full_range_are_distinguished(tmp_path: Path, declared: int, expected: ColorRange) -> None:
    frame = read_source(str(write_test_film(tmp_path / "film.mp4", frames=2, color_range=declared))).frames[0]
    assert frame.format.color_range is expected


@pytest.mark.parametrize(
    ("codec", "encoded", "decoded"),
    [("ffv1", "bgr0", "bgr0"), ("png", "rgb24", "rgb24"), ("libx264rgb", "rgb24", "gbrp")],
)
def test_colours_without_luma_arrive_as_rgb_unchanged(tmp_path: Path, codec: str, encoded: str, decoded: str) -> None:
    options = {"crf": "0"} if codec == "libx264rgb" else {}
    path = write_test_film(
        tmp_path / "film.mkv" if codec == "ffv1" else tmp_path / "film.mov",
        frames=1,
        codec=codec,
        pixel_format=encoded,
        options=options,
    )
    with av.open(str(path)) as container:
        assert next(container.decode(video=0)).format.name == decoded
    frame = read_source(str(path)).frames[0]
    assert frame.format.pixel_format == "rgb24"
    assert np.array_equal(frame.planes[0], draw_test_picture(0, 160, 96))


def test_samples_no_format_of_ours_holds_are_refused_by_name(tmp_path: Path) -> None:
    result = read_source(
        str(write_test_film(tmp_path / "film.mkv", frames=1, codec="ffv1", pixel_format="yuv420p16le"))
    )
    assert isinstance(result.error, CodecUnsupported)
    assert "yuv420p16le" in str(result.error)


def test_an_unknown_codec_is_not_called_no_frames(tmp_path: Path) -> None:
    path = write_test_film(tmp_path / "film.mp4")
    path.write_bytes(path.read_bytes().replace(b"avc1", b"xyz1"))
    assert isinstance(read_source(str(path)).error, CodecUnsupported)


def test_a_recording_of_sound_holds_no_video(tmp_path: Path) -> None:
    path = tmp_path / "sound.wav"
    with av.open(str(path), "w") as container:
        stream = container.add_stream("pcm_s16le", rate=8000)
        frame = av.AudioFrame.from_ndarray(np.zeros((1, 8000), dtype=np.int16), format="s16", layout="mono")
        frame.sample_rate = 8000
        container.mux(stream.encode(frame))
    assert "no video" in str(read_source(str(path)).error)


def test_intra_refresh_is_noticed_and_every_picture_decoded(tmp_path: Path) -> None:
    path = write_test_film(
        tmp_path / "film.mp4", frames=150, fps=25, gop=25, options={"intra-refresh": "1", "preset": "ultrafast"}
    )
    result = read_source(str(path), plan=SamplingPlan(SamplingMode.INTERVAL, 1.0))
    whole = read_source(str(path))
    assert result.counters.frames_decoded == whole.counters.frames_decoded
    assert 5 <= len(result.frames) <= 7
    exact = {frame.ref.pts_s: frame.planes[0] for frame in whole.frames}
    assert all(np.array_equal(frame.planes[0], exact[frame.ref.pts_s]) for frame in result.frames)


def test_pictures_out_of_order_lose_no_second_when_key_frames_take_over(tmp_path: Path) -> None:
    path = write_test_film(tmp_path / "film.mp4", frames=120, fps=10, gop=10, options={"bf": "3"})
    result = read_source(str(path), plan=SamplingPlan())
    assert [frame.ref.pts_s for frame in result.frames] == [float(second) for second in range(12)]
    assert result.counters.decode_errors == 0


def test_frequent_key_frames_are_enough_for_one_picture_a_second(tmp_path: Path) -> None:
    path = write_test_film(tmp_path / "film.mp4", frames=200, fps=10, gop=10)
    result = read_source(str(path), plan=SamplingPlan())
    assert 19 <= len(result.frames) <= 21
    assert result.counters.frames_decoded < 60
    assert all(frame.key_frame for frame in result.frames[5:])


def test_a_recording_without_a_decodable_picture_says_so(tmp_path: Path) -> None:
    path = write_test_film(tmp_path / "film.ts", frames=20, gop=100)
    with av.open(str(path)) as whole, av.open(str(tmp_path / "tail.ts"), "w") as tail:
        video = tail.add_stream_from_template(whole.streams.video[0])
        for packet in whole.demux(video=0):
            if packet.dts is not None and not packet.is_keyframe:
                packet.stream = video
                tail.mux(packet)
    result = read_source(str(tmp_path / "tail.ts"))
    assert isinstance(result.error, NoVideo)


def test_side_data_of_a_kind_unknown_here_costs_the_quantiser_only(tmp_path: Path) -> None:
    path = write_test_film(tmp_path / "still.tiff", frames=1, codec="tiff", pixel_format="rgb24")
    result = read_source(str(path))
    assert np.array_equal(result.frames[0].planes[0], draw_test_picture(0, 160, 96))
    assert result.frames[0].qp is None
