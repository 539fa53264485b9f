"""Every model that `sightline train` and `sightline evaluate` know: one line each."""

from collections.abc import Mapping
from types import MappingProxyType

from training.baselines.brisque import BRISQUE
from training.baselines.niqe import NIQE
from training.detection_quality.run import DETECTABILITY_RECIPE, DETECTION_QUALITY_RECIPE
from training.face_quality.run import FACE_QUALITY
from training.recipe import Recipe
from training.saliency_iqa.run import SALIENCY_IQA
from training.sgdnet.run import SGDNET
from training.surveillance_iqa.run import SURVEILLANCE_IQA

RECIPES: Mapping[str, Recipe] = MappingProxyType(
    {
        recipe.model: recipe
        for recipe in (
            BRISQUE,
            NIQE,
            SALIENCY_IQA,
            SGDNET,
            SURVEILLANCE_IQA,
            *FACE_QUALITY,
            DETECTABILITY_RECIPE,
            DETECTION_QUALITY_RECIPE,
        )
    }
)
