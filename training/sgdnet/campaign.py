"""One data set, one split, and the trainings on it that a table needs; what was trained before is not trained again."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from types import MappingProxyType

from detectors.sgdnet.teachers import TeacherName
from detectors.weights import sha256
from domain.errors import ConfigError
from training.halves import Sides
from training.measures.correlations import mae, plcc, srocc
from training.measures.paired import Measure
from training.results import Setting
from training.running import claim
from training.samples import Dataset, Sample, Values
from training.sgdnet.material import material
from training.sgdnet.plan import Plan
from training.sgdnet.trainer import Sides as TrainingSides
from training.sgdnet.trainer import answered, built, train

SEED = 7
MEASURES: Mapping[str, Measure] = MappingProxyType({"srocc": srocc, "plcc": plcc, "mae": mae})
DINET_WEIGHTS = "dinet.safetensors"
MAPS = "maps"


@dataclass(frozen=True)
class Judged:
    """Qualities and labels of the judged rows, (N,), on five points."""

    predicted: Values
    labels: Values

    def measures(self) -> dict[str, float]:
        """Raw agreement, as the paper reports it."""
        return {name: measure(self.predicted, self.labels) for name, measure in MEASURES.items()}


@dataclass(frozen=True)
class Campaign:
    """`folder` keeps what all its trainings share (pictures, maps) and one folder a training."""

    dataset: Dataset
    samples: Sequence[Sample]
    sides: Sides
    folder: Path

    def judged(self, name: str, plan: Plan, start: Path | None, seed: int = SEED) -> Judged:
        """Train `plan` as `name`, or go on with it, and judge its best weights.

        Raises ConfigError where `name` was trained with another plan, start or seed.
        """
        settings = {option: str(value) for option, value in asdict(plan).items()}
        begun = None if start is None else sha256(start)
        claim(self.folder / name, {"plan": settings, "start": begun, "seed": seed, "n": len(self.sides.training)})
        network = built(plan, start, seed)
        data = material(self.samples, self.dataset, plan, network, self.folder)
        learnt = TrainingSides(self.sides.training, self.sides.validation)
        train(network, plan, data, learnt, self.folder / name, seed=seed)
        return Judged(answered(network, plan, data, self.sides.judged), data.labels[self.sides.judged].astype(float))


def start_of(setting: Setting, backbone: str) -> Path | None:
    """The ImageNet weights of `backbone`: `--start` itself, or BACKBONE.* in the folder it names; None without."""
    if setting.start is None or setting.start.is_file():
        return setting.start
    return next(iter(sorted(setting.start.glob(f"{backbone}.*"))), None)


def taught(plan: Plan, setting: Setting, teacher: str = TeacherName.DINET) -> tuple[Plan, str]:
    """The plan with its teacher, and what the row must say of it.

    DINet's weights are looked for as `dinet.safetensors` in the data folder, any teacher's maps in `maps/TEACHER`.
    Without DINet the spectral residual takes its place. Raises ConfigError for another teacher without maps.
    """
    maps = setting.data / MAPS / teacher
    if maps.is_dir():
        return replace(plan, teacher=TeacherName.MAPS, teacher_path=maps), f"teacher: maps of {teacher}"
    if teacher == TeacherName.DINET:
        weights = setting.data / DINET_WEIGHTS
        if weights.is_file():
            return replace(plan, teacher=TeacherName.DINET, teacher_path=weights), "teacher: DINet"
        changed = replace(plan, teacher=TeacherName.SPECTRAL_RESIDUAL, teacher_path=None)
        return changed, f"teacher: spectral residual, for neither {DINET_WEIGHTS} nor {MAPS}/dinet is there"
    if teacher == TeacherName.SPECTRAL_RESIDUAL:
        return replace(plan, teacher=TeacherName.SPECTRAL_RESIDUAL, teacher_path=None), "teacher: spectral residual"
    raise ConfigError(f"no maps of {teacher}: put them into {maps}, named like the pictures")
