"""Public data sets as their publishers distribute them: one adapter a file, one line each here."""

from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType

from domain.errors import ConfigError
from training.datasets.biq2021 import BIQ2021
from training.datasets.cgfiqa40k import CGFIQA40K
from training.datasets.clive import CLIVE
from training.datasets.csiq import CSIQ
from training.datasets.gfiqa20k import GFIQA20K
from training.datasets.kadid10k import KADID10K
from training.datasets.koniq10k import KONIQ10K
from training.datasets.live import LIVE
from training.datasets.sfiqa_bench import SFIQA_BENCH
from training.datasets.siqd import SIQD
from training.datasets.spaq import SPAQ
from training.datasets.tid2013 import TID2013
from training.samples import Dataset

DATASETS: Mapping[str, Dataset] = MappingProxyType(
    {
        dataset.name: dataset
        for dataset in (
            *(BIQ2021, CLIVE, CSIQ, KADID10K, KONIQ10K, LIVE, SIQD, SPAQ, TID2013),
            *(SFIQA_BENCH, GFIQA20K, CGFIQA40K),
        )
    }
)


def folder_of(dataset: str, data: Path) -> Path:
    """`data/dataset` where that exists, else `data` itself: one folder a data set, or the one folder needed."""
    inside = data / dataset
    return inside if inside.is_dir() else data


def known(name: str) -> Dataset:
    """Return the data set of that name. Raises ConfigError that lists the names there are."""
    try:
        return DATASETS[name]
    except KeyError:
        raise ConfigError(f"no data set {name!r}: there are {', '.join(sorted(DATASETS))}") from None
