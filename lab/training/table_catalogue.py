"""Every table that `sightline reproduce` knows: one line each."""

from collections.abc import Mapping
from types import MappingProxyType

from lab.training.detection_quality.tables.paper_tables import DCT_TABLES
from lab.training.detection_quality.tables.survival_tables import SURVIVAL_TABLES
from lab.training.face_detection.tables import SURVEILLANCE_TABLE_1
from lab.training.face_quality.opinion_tables import OPINION_TABLES
from lab.training.face_quality.tables import SFIQA_TABLES
from lab.training.paper_table import PaperTable
from lab.training.saliency_iqa.tables import BIQ2021_PUBLISHED
from lab.training.sgdnet.tables import SGDNET_TABLES
from lab.training.surveillance_iqa.tables import SURVEILLANCE_TABLES

TABLES: Mapping[str, PaperTable] = MappingProxyType(
    {
        table.name: table
        for table in (
            BIQ2021_PUBLISHED,
            SURVEILLANCE_TABLE_1,
            *SGDNET_TABLES,
            *SURVEILLANCE_TABLES,
            *SFIQA_TABLES,
            *OPINION_TABLES,
            *DCT_TABLES,
            *SURVIVAL_TABLES,
        )
    }
)
