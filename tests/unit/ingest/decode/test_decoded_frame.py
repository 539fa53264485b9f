"""The exported quantiser, against PyAV's own map of it."""

import gc
from pathlib import Path
from typing import Any, cast

import av
import pytest
from av.sidedata.sidedata import Type

from ingest.decode.decoded_frame import mean_qp
from tests.cameras.films import write_test_film


@pytest.mark.parametrize("crf", ["10", "30", "45"])
def test_the_mean_is_that_of_the_map_of_macroblocks(tmp_path: Path, crf: str) -> None:
    path = write_test_film(tmp_path / "film.mp4", frames=5, options={"crf": crf})
    with av.open(str(path)) as container:
        video = container.streams.video[0]
        video.codec_context.options = {"export_side_data": "venc_params"}
        frames = list(container.decode(video))
        assert len(frames) == 5
        for frame in frames:
            exported = cast("dict[Any, Any]", frame.side_data)[Type.VIDEO_ENC_PARAMS]
            assert mean_qp(frame) == pytest.approx(float(exported.qp_map().mean()))


def test_a_decoder_that_exports_none_gives_none(tmp_path: Path) -> None:
    with av.open(str(write_test_film(tmp_path / "film.mkv", frames=1, codec="ffv1"))) as container:
        assert mean_qp(next(container.decode(video=0))) is None


def test_the_memory_of_a_picture_is_free_once_nobody_holds_it(tmp_path: Path) -> None:
    def pictures_alive() -> int:
        return sum(type(thing) is av.VideoFrame for thing in gc.get_objects())

    path = write_test_film(tmp_path / "film.mp4", frames=20)
    gc.collect()
    gc.disable()
    try:
        before = pictures_alive()
        with av.open(str(path)) as container:
            video = container.streams.video[0]
            video.codec_context.options = {"export_side_data": "venc_params"}
            for frame in container.decode(video):
                assert mean_qp(frame) is not None
            del frame
            assert pictures_alive() - before <= 1
    finally:
        gc.enable()
