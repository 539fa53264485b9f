"""Every table that `sightline reproduce` knows: one line each."""

from collections.abc import Mapping
from types import MappingProxyType

from training.detection_quality.survival_tables import SURVIVAL_TABLES
from training.detection_quality.tables import DCT_TABLES
from training.face_detection.tables import SURVEILLANCE_TABLE_1
from training.face_quality.tables import SFIQA_TABLES
from training.results import Table
from training.saliency_iqa.tables import BIQ2021_PUBLISHED
from training.sgdnet.tables import SGDNET_TABLES
from training.surveillance_iqa.tables import SURVEILLANCE_TABLES

TABLES: Mapping[str, Table] = MappingProxyType(
    {
        table.name: table
        for table in (
            BIQ2021_PUBLISHED,
            SURVEILLANCE_TABLE_1,
            *SGDNET_TABLES,
            *SURVEILLANCE_TABLES,
            *SFIQA_TABLES,
            *DCT_TABLES,
            *SURVIVAL_TABLES,
        )
    }
)
