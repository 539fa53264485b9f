"""Faces of a clip count once each, and agreement is told between them and within them."""

import numpy as np
import pytest
import torch

from lab.training.face_quality.evidence.clip_tracks import FaceTrack, FrameFaces, compare_orders, link_faces


def boxes(*lefts: float) -> torch.Tensor:
    """Boxes of 100 x 100 at these places along a line."""
    return torch.tensor([[left, 0.0, left + 100, 100.0] for left in lefts]).view(-1, 4)


def test_a_face_that_moves_a_little_is_one_track_and_another_place_is_another() -> None:
    tracks: list[FaceTrack] = []
    link_faces(tracks, 0, boxes(0, 500), [4.0, 3.0], [0.9, 0.8])
    link_faces(tracks, 1, boxes(520, 20), [3.1, 4.1], [0.81, 0.91])
    link_faces(tracks, 2, boxes(900), [2.0], [0.7])
    assert [track.overall for track in tracks] == [[4.0, 4.1], [3.0, 3.1], [2.0]]
    assert [track.confidence for track in tracks] == [[0.9, 0.91], [0.8, 0.81], [0.7]]


def test_a_face_missed_for_two_frames_goes_on_and_for_three_begins_again() -> None:
    tracks: list[FaceTrack] = []
    link_faces(tracks, 0, boxes(0), [4.0], [0.9])
    link_faces(tracks, 3, boxes(10), [4.0], [0.9])
    link_faces(tracks, 7, boxes(10), [4.0], [0.9])
    assert [track.frames for track in tracks] == [[0, 3], [7]]


def test_two_faces_never_share_a_track() -> None:
    tracks: list[FaceTrack] = []
    link_faces(tracks, 0, boxes(0), [4.0], [0.9])
    link_faces(tracks, 1, boxes(0, 10), [4.0, 2.0], [0.9, 0.8])
    assert [len(track.frames) for track in tracks] == [2, 1]


def test_a_frame_without_faces_changes_nothing() -> None:
    tracks: list[FaceTrack] = []
    link_faces(tracks, 0, boxes(), [], [])
    link_faces(tracks, 1, boxes(0), [4.0], [0.9])
    link_faces(tracks, 2, boxes(), [], [])
    assert [track.frames for track in tracks] == [[1]]


def test_each_face_counts_once_by_its_middle_frame() -> None:
    """Twelve faces in the same order by both in the middle frame, in the opposite order at the ends."""
    tracks = [
        FaceTrack([0, 1, 2], torch.zeros(4), [5 - number / 4, number / 4, 5.0], [0.7, 0.7 + number / 50, 0.7])
        for number in range(12)
    ]
    found = compare_orders(tracks, "street.mp4", 48.0)
    assert (found.tracks, found.detections, found.long_tracks) == (12, 36, 0)
    assert found.srocc == pytest.approx(1.0)
    assert found.interval == pytest.approx((1.0, 1.0))
    assert found.within is None


def test_within_is_the_mean_over_faces_seen_long_enough() -> None:
    rising, still = list(np.linspace(0.7, 0.9, 5)), [0.8] * 5
    long = [
        FaceTrack(list(range(5)), torch.zeros(4), list(range(5)), scores) for scores in (rising, rising[::-1], rising)
    ]
    found = compare_orders(
        [*long, FaceTrack(list(range(5)), torch.zeros(4), list(range(5)), still)], "street.mp4", 48.0
    )
    assert found.srocc is None
    assert found.long_tracks == 3
    assert found.within == pytest.approx(1 / 3)


def test_faces_under_a_size_are_left_out() -> None:
    seen = FrameFaces(boxes(0, 500), torch.tensor([4.0, 3.0]), torch.tensor([0.9, 0.8]), torch.tensor([100.0, 47.9]))
    assert seen.at_least(48.0).overall.tolist() == [4.0]
    assert seen.at_least(24.0).overall.tolist() == [4.0, 3.0]
