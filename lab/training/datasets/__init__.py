"""Public data sets as their publishers distribute them: one adapter a file, one line each here."""

from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType

from domain.errors import ConfigError
from lab.training.datasets.faces.cgfiqa40k import CGFIQA40K
from lab.training.datasets.faces.gfiqa20k import GFIQA20K
from lab.training.datasets.faces.sfiqa_bench import SFIQA_BENCH
from lab.training.datasets.photographs.biq2021 import BIQ2021
from lab.training.datasets.photographs.clive import CLIVE
from lab.training.datasets.photographs.csiq import CSIQ
from lab.training.datasets.photographs.kadid10k import KADID10K
from lab.training.datasets.photographs.koniq10k import KONIQ10K
from lab.training.datasets.photographs.live import LIVE
from lab.training.datasets.photographs.siqd import SIQD
from lab.training.datasets.photographs.spaq import SPAQ
from lab.training.datasets.photographs.tid2013 import TID2013
from lab.training.samples import Dataset

DATASETS: Mapping[str, Dataset] = MappingProxyType(
    {
        dataset.name: dataset
        for dataset in (
            *(BIQ2021, CLIVE, CSIQ, KADID10K, KONIQ10K, LIVE, SIQD, SPAQ, TID2013),
            *(SFIQA_BENCH, GFIQA20K, CGFIQA40K),
        )
    }
)


def dataset_folder(dataset: str, data: Path) -> Path:
    """`data/dataset` where that exists, else `data` itself: one folder a data set, or the one folder needed."""
    inside = data / dataset
    return inside if inside.is_dir() else data


def find_dataset(name: str) -> Dataset:
    """Return the data set of that name. Raises ConfigError that lists the names there are."""
    try:
        return DATASETS[name]
    except KeyError:
        raise ConfigError(f"no data set {name!r}: there are {', '.join(sorted(DATASETS))}") from None
