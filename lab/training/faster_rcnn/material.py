"""Pictures with the teacher's boxes: labelled once, one line of JSON a picture, taken up where it was left."""

import json
import os
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TextIO

import cv2
import numpy as np

from lab.training.detection_quality.yolox import ObjectDetector
from lab.training.faster_rcnn.teacher import TaughtBoxes, label_picture
from lab.training.pictures import decode_picture

LABELS = "labels.jsonl"


@dataclass(frozen=True, slots=True)
class TaughtPicture:
    """A picture file and what the teacher says of it; `part` is what it is for: training, validation or clips."""

    path: Path
    part: str
    taught: TaughtBoxes

    @property
    def sure_count(self) -> int:
        """Objects that are taught."""
        return int(self.taught.sure.sum())

    @property
    def is_empty(self) -> bool:
        """Whether the teacher does not even suspect anything: what is found here is a mistake."""
        return len(self.taught.scores) == 0


def label_pictures(
    teacher: ObjectDetector, files: Iterable[tuple[Path, str]], run: Path, *, always_closer: bool = False
) -> int:
    """Label the files, each with its part, that `run` has no line for yet. Returns how many were labelled."""
    run.mkdir(parents=True, exist_ok=True)
    known = {picture.path for picture in read_labels(run)}
    count = 0
    with (run / LABELS).open("a+", encoding="utf-8") as out:
        _end_line(out)
        for path, part in files:
            if path in known:
                continue
            taught = label_picture(teacher, decode_picture(path), always_closer=always_closer)
            row = {
                "path": str(path),
                "part": part,
                "boxes": taught.boxes.round(1).tolist(),
                "groups": taught.groups.tolist(),
                "scores": taught.scores.round(4).tolist(),
                "sure": taught.sure.tolist(),
            }
            out.write(json.dumps(row) + "\n")
            count += 1
            if count % 50 == 0:
                out.flush()
    return count


def _end_line(out: TextIO) -> None:
    """Close a last line that an interruption cut off, so that the next does not join it."""
    size = out.seek(0, os.SEEK_END)
    if size:
        out.seek(size - 1)
        if out.read(1) != "\n":
            out.write("\n")


def read_labels(run: Path) -> Iterator[TaughtPicture]:
    """All pictures labelled so far, in the order they were; a line that an interruption cut off is left out."""
    table = run / LABELS
    if not table.is_file():
        return
    for line in table.read_text(encoding="utf-8").splitlines():
        try:
            row = json.loads(line)
        except json.JSONDecodeError:
            continue
        yield TaughtPicture(
            Path(row["path"]),
            row["part"],
            TaughtBoxes(
                np.array(row["boxes"], np.float32).reshape(-1, 4),
                np.array(row["groups"], np.int64),
                np.array(row["scores"], np.float32),
                np.array(row["sure"], bool),
            ),
        )


def extract_frames(clip: Path, every: int, folder: Path) -> list[Path]:
    """Every `every`th frame of a clip as PNG files in `folder`; those there already are left alone."""
    folder.mkdir(parents=True, exist_ok=True)
    capture = cv2.VideoCapture(str(clip))
    written: list[Path] = []
    number = 0
    while True:
        read, frame = capture.read()
        if not read:
            return written
        if number % every == 0:
            path = folder / f"{clip.stem}-{number:05}.png"
            if not path.is_file():
                cv2.imwrite(str(path), frame)
            written.append(path)
        number += 1
