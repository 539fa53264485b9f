"""One data set, one split, and the trainings on it that a table needs; what was trained before is not trained again."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from types import MappingProxyType

from detectors.models.sgdnet.teachers import TeacherName
from detectors.models.weights import sha256
from domain.errors import ConfigError
from lab.training.dataset_splits import SplitRows
from lab.training.measures.correlations import mae, plcc, srocc
from lab.training.measures.paired_bootstrap import Measure
from lab.training.paper_table import ReproductionOptions
from lab.training.samples import Dataset, Sample, Values
from lab.training.sgdnet.trainer import TrainingRows as TrainingSides
from lab.training.sgdnet.trainer import build_network, predict_qualities, train_network
from lab.training.sgdnet.training_arrays import prepare_arrays
from lab.training.sgdnet.training_plan import SgdNetPlan
from lab.training.training_run import claim_folder

SEED = 7
MEASURES: Mapping[str, Measure] = MappingProxyType({"srocc": srocc, "plcc": plcc, "mae": mae})
DINET_WEIGHTS = "dinet.safetensors"
MAPS = "maps"


@dataclass(frozen=True)
class SgdNetAnswers:
    """Qualities and labels of the judged rows, (N,), on five points."""

    predicted: Values
    labels: Values

    def measures(self) -> dict[str, float]:
        """Raw agreement, as the paper reports it."""
        return {name: measure(self.predicted, self.labels) for name, measure in MEASURES.items()}


@dataclass(frozen=True)
class SgdNetExperiment:
    """`folder` keeps what all its trainings share (pictures, maps) and one folder a training."""

    dataset: Dataset
    samples: Sequence[Sample]
    sides: SplitRows
    folder: Path

    def evaluate(self, name: str, plan: SgdNetPlan, start: Path | None, seed: int = SEED) -> SgdNetAnswers:
        """Train `plan` as `name`, or go on with it, and judge its best weights.

        Raises ConfigError where `name` was trained with another plan, start or seed.
        """
        settings = {option: str(value) for option, value in asdict(plan).items()}
        begun = None if start is None else sha256(start)
        claim_folder(
            self.folder / name, {"plan": settings, "start": begun, "seed": seed, "n": len(self.sides.training)}
        )
        network = build_network(plan, start, seed)
        data = prepare_arrays(self.samples, self.dataset, plan, network, self.folder)
        learnt = TrainingSides(self.sides.training, self.sides.validation)
        train_network(network, plan, data, learnt, self.folder / name, seed=seed)
        return SgdNetAnswers(
            predict_qualities(network, plan, data, self.sides.judged), data.labels[self.sides.judged].astype(float)
        )


def find_pretrained(setting: ReproductionOptions, backbone: str) -> Path | None:
    """The ImageNet weights of `backbone`: `--start` itself, or BACKBONE.* in the folder it names; None without."""
    if setting.start is None or setting.start.is_file():
        return setting.start
    return next(iter(sorted(setting.start.glob(f"{backbone}.*"))), None)


def plan_with_teacher(
    plan: SgdNetPlan, setting: ReproductionOptions, teacher: str = TeacherName.DINET
) -> tuple[SgdNetPlan, str]:
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
