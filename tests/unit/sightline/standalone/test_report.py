from domain.faults import Fault, Verdict, VerdictState
from sightline.standalone.clip_evaluation import EvaluatedFrame
from sightline.standalone.report import SourceSummary, frame_json


def make_frame(at_s: float, *verdicts: Verdict) -> EvaluatedFrame:
    return EvaluatedFrame("rtsp://u:hunter2@h/1", round(at_s), at_s, at_s, {"luma_mean": 0.5}, {}, verdicts)


OK = Verdict(Fault.BLACK, VerdictState.OK)
BLURRED = Verdict(Fault.BLUR, VerdictState.FAULT, "edges are wide")
UNKNOWN = Verdict(Fault.SHAKE, VerdictState.NOT_ASSESSABLE, "needs every frame: set plan to all")


def test_a_summary_says_what_was_found_when_and_what_was_not_asked() -> None:
    summary = SourceSummary("rtsp://u:hunter2@h/1")
    for at_s in (0.0, 1.0, 2.0):
        summary.add(make_frame(at_s, OK, BLURRED, UNKNOWN))

    assert list(summary.lines()) == [
        "rtsp://***@h/1: 3 frames, 1 fault found, 2 of 27 checks made",
        "  out of focus (blur) in 3 frames, 0-2 s: edges are wide",
        "  not assessable: shake (needs every frame: set plan to all)",
    ]


def test_a_check_made_once_counts_as_made() -> None:
    summary = SourceSummary("a.mp4")
    summary.add(make_frame(0.0, Verdict(Fault.BLUR, VerdictState.NOT_ASSESSABLE, "too few frames yet")))
    summary.add(make_frame(1.0, Verdict(Fault.BLUR, VerdictState.OK)))

    assert list(summary.lines()) == ["a.mp4: 2 frames, no fault found, 1 of 27 checks made"]


def test_a_source_without_a_picture_is_not_called_clean() -> None:
    assert next(iter(SourceSummary("a.mp4").lines())) == "a.mp4: 0 frames, nothing evaluated, 0 of 27 checks made"


def test_json_holds_no_credentials_and_every_verdict_given() -> None:
    assert frame_json(make_frame(1.5, OK, BLURRED)) == {
        "source": "rtsp://***@h/1",
        "pts_s": 1.5,
        "scores": {"luma_mean": 0.5},
        "verdicts": {
            "black": {"state": "ok", "reason": ""},
            "blur": {"state": "fault", "reason": "edges are wide"},
        },
    }
