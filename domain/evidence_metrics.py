"""The metrics that no detector measures: what ingest counts, and the comparison of a view with its baseline.

They decide about faults like any other metric and are stored with the frame they belong to, so that they can be shown
over time.
"""

from collections.abc import Mapping
from math import inf

from domain.metrics import Direction, MetricSpec

_HIGHER, _LOWER = Direction.HIGHER_IS_BETTER, Direction.LOWER_IS_BETTER


def _ours(key: str, label: str, unit: str, bounds: tuple[float, float], direction: Direction) -> MetricSpec:
    return MetricSpec(key, label, unit, *bounds, direction, "ours")


_SPECS = (
    _ours("fps", "frame rate of the stream", "frames/s", (0.0, inf), Direction.NEITHER),
    _ours("bitrate_bps", "bitrate of the stream", "bit/s", (0.0, inf), Direction.NEITHER),
    _ours("qp", "mean luma quantiser", "codec's own", (0.0, inf), _LOWER),
    _ours("decode_errors_per_min", "decode errors in the last half minute", "1/min", (0.0, inf), _LOWER),
    _ours("decoder_damage", "whether the decoder marks the picture as damaged", "0 or 1", (0.0, 1.0), _LOWER),
    _ours("structure_disagreement", "textured blocks whose edges are gone or turned", "share", (0.0, 1.0), _LOWER),
    _ours("structure_lost", "textured blocks that lost their edges", "share", (0.0, 1.0), _LOWER),
    _ours("structure_new", "flat blocks that have edges now", "share", (0.0, 1.0), _LOWER),
    _ours("structure_kept", "textured blocks that stayed as they were, in patches", "share", (0.0, 1.0), _HIGHER),
    _ours("layout_correlation", "agreement of brightness with the usual view", "Pearson's r", (-1.0, 1.0), _HIGHER),
    _ours("detail_correlation", "agreement of detail with the usual view", "Pearson's r", (-1.0, 1.0), _HIGHER),
    _ours("view_stillness", "blocks that stay still", "share", (0.0, 1.0), Direction.NEITHER),
    _ours("view_match", "agreement of edges with the usual view", "correlation", (-1.0, 1.0), _HIGHER),
    _ours("another_scene", "how much the view looks like another one", "score", (0.0, 1.0), _LOWER),
    _ours("shift_clearness", "how much better a moved view fits than the usual one", "correlation", (0.0, 2.0), _LOWER),
    _ours("shift_agreement", "edges that a moved view explains", "share", (0.0, 1.0), _LOWER),
    _ours("detectability_recent", "detectability, median of ten minutes", "% of objects", (0.0, 100.0), _HIGHER),
    _ours(
        *("detections_per_look", "people and faces found at a look, mean of an hour", "people and faces"),
        *((0.0, inf), Direction.NEITHER),
    ),
    _ours("face_quality_recent", "quality of the faces seen, median of an hour", "1-5, opinion", (1.0, 5.0), _HIGHER),
)

EVIDENCE_METRICS: Mapping[str, MetricSpec] = {spec.key: spec for spec in _SPECS}
