"""Every model that `sightline train` and `sightline evaluate` know: one line each."""

from collections.abc import Mapping
from types import MappingProxyType

from training.recipe import Recipe
from training.saliency_iqa.run import SALIENCY_IQA
from training.sgdnet.run import SGDNET

RECIPES: Mapping[str, Recipe] = MappingProxyType({recipe.model: recipe for recipe in (SALIENCY_IQA, SGDNET)})
