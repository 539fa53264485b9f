"""Every model that `sightline train` and `sightline evaluate` know: one line each."""

from collections.abc import Mapping
from types import MappingProxyType

from lab.training.classic_iqa.brisque import BRISQUE
from lab.training.classic_iqa.niqe import NIQE
from lab.training.detection_quality.recipe import DETECTABILITY_RECIPE, DETECTION_QUALITY_RECIPE
from lab.training.face_quality.recipe import FACE_QUALITY
from lab.training.recipe import Recipe
from lab.training.saliency_iqa.recipe import SALIENCY_IQA
from lab.training.sgdnet.recipe import SGDNET
from lab.training.surveillance_iqa.recipe import SURVEILLANCE_IQA

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
