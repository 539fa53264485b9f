"""FFmpeg's own filters as judges: what they write beside a frame."""

from fractions import Fraction

import av
import av.filter
import numpy as np
from numpy.typing import NDArray


def run_filter(
    pictures: list[NDArray[np.uint8]], name: str, arguments: str = "", pixel_format: str = "gray"
) -> list[dict[str, str]]:
    """Return the metadata that filter `name` gives to each picture: (H, W) luma codes, or (H, W, 3) RGB."""
    source_format = "rgb24" if pictures[0].ndim == 3 else "gray"
    height, width = pictures[0].shape[:2]
    graph = av.filter.Graph()
    source = graph.add_buffer(
        width=width, height=height, format=av.VideoFormat(source_format), time_base=Fraction(1, 25)
    )
    convert = graph.add("format", pixel_format)
    judge = graph.add(name, arguments) if arguments else graph.add(name)
    sink = graph.add("buffersink")
    source.link_to(convert)
    convert.link_to(judge)
    judge.link_to(sink)
    graph.configure()
    found = []
    for number, picture in enumerate(pictures):
        frame = av.VideoFrame.from_ndarray(np.ascontiguousarray(picture), format=source_format)
        frame.pts = number
        graph.push(frame)
        found.append(dict(graph.pull().metadata))
    return found
