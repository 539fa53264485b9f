"""The figures of Yang et al. 2019, Tables 2 to 5, as printed."""

from collections.abc import Mapping
from types import MappingProxyType

from detectors.models.sgdnet.network import Guidance, SgdNetVariant

TABLE_2_DATASETS = ("live", "csiq", "tid2013", "clive")
TABLE_2: Mapping[str, tuple[float | None, ...]] = MappingProxyType(
    {
        "BLIINDS-II": (0.912, 0.916, 0.780, 0.832, 0.536, 0.628, 0.463, 0.507),
        "DIIVINE": (0.925, 0.923, 0.835, 0.817, 0.549, 0.654, 0.509, 0.558),
        "BRISQUE": (0.939, 0.942, 0.775, 0.781, 0.572, 0.651, 0.607, 0.645),
        "IL-NIQE": (0.902, 0.908, 0.821, 0.865, 0.521, 0.648, 0.594, 0.589),
        "CORNIA": (0.942, 0.943, 0.714, 0.781, 0.549, 0.613, 0.618, 0.662),
        "HOSA": (0.948, 0.949, 0.781, 0.841, 0.688, 0.764, 0.659, 0.678),
        "Kang's CNN": (0.956, 0.956, None, None, None, None, None, None),
        "BIECON": (0.961, 0.962, 0.825, 0.838, 0.721, 0.765, 0.595, 0.613),
        "DIQaM-NR": (0.960, 0.972, None, None, 0.835, 0.855, 0.606, 0.601),
        "WaDIQaM-NR": (0.954, 0.963, None, None, 0.761, 0.787, 0.671, 0.680),
        "VIDGIQA": (0.969, 0.973, None, None, None, None, 0.701, None),
        "ResNet50 + fine-tuning": (0.950, 0.954, 0.876, 0.905, 0.712, 0.756, 0.819, 0.849),
        "Imagewise CNN": (0.963, 0.964, 0.812, 0.791, 0.800, 0.802, 0.663, 0.705),
        "DIQA": (0.975, 0.977, 0.884, 0.915, 0.825, 0.850, 0.703, 0.704),
        "SGDNet": (0.969, 0.965, 0.883, 0.903, 0.843, 0.861, 0.851, 0.872),
    }
)
"""SRCC and PLCC on LIVE, CSIQ, TID2013 and CLIVE, in this order."""

TABLE_3_DATASETS = ("csiq", "tid2013", "clive")
TABLE_3: Mapping[str, tuple[float | None, ...]] = MappingProxyType(
    {
        "BLIINDS-II": (0.577, 0.393, 0.119),
        "DIIVINE": (0.590, 0.355, 0.465),
        "BRISQUE": (0.548, 0.358, 0.313),
        "CORNIA": (0.649, 0.360, 0.443),
        "VIDGIQA": (0.641, 0.415, 0.315),
        "DIQaM-NR": (0.681, 0.392, None),
        "WaDIQaM-NR": (0.704, 0.462, None),
        "SGDNet": (0.719, 0.532, 0.455),
    }
)
"""SRCC after training on all of LIVE."""

TABLE_4: Mapping[SgdNetVariant, tuple[float, float, float]] = MappingProxyType(
    {
        SgdNetVariant("vgg16", Guidance.NONE, False): (0.817, 0.822, 0.2714),
        SgdNetVariant("resnet50", Guidance.NONE, False): (0.808, 0.816, 0.2532),
        SgdNetVariant("vgg16", Guidance.NONE, True): (0.827, 0.853, 0.2623),
        SgdNetVariant("resnet50", Guidance.NONE, True): (0.833, 0.851, 0.2370),
        SgdNetVariant("vgg16", Guidance.DIRECT, False): (0.843, 0.874, 0.2017),
        SgdNetVariant("resnet50", Guidance.DIRECT, False): (0.869, 0.890, 0.1938),
        SgdNetVariant("vgg16", Guidance.DIRECT, True): (0.851, 0.880, 0.1963),
        SgdNetVariant("resnet50", Guidance.DIRECT, True): (0.880, 0.899, 0.1830),
        SgdNetVariant("vgg16", Guidance.MULTI_TASK, False): (0.870, 0.890, 0.1881),
        SgdNetVariant("resnet50", Guidance.MULTI_TASK, False): (0.897, 0.917, 0.1684),
        SgdNetVariant("vgg16", Guidance.MULTI_TASK, True): (0.878, 0.896, 0.1846),
        SgdNetVariant("resnet50", Guidance.MULTI_TASK, True): (0.903, 0.920, 0.1639),
    }
)
"""SRCC, PLCC and MAE on KonIQ-10k."""
NAMES: Mapping[Guidance, str] = MappingProxyType(
    {Guidance.NONE: "baseline", Guidance.DIRECT: "direct SGDNet", Guidance.MULTI_TASK: "SGDNet"}
)

TABLE_5: Mapping[str, float] = MappingProxyType(
    {"dinet": 0.917, "sam": 0.914, "salgan": 0.911, "dva": 0.903, "none": 0.816}
)
"""PLCC on KonIQ-10k by teacher, ResNet50 without channel attention."""


def variant_name(variant: SgdNetVariant) -> str:
    """A row of Table 4 in words."""
    return f"{NAMES[variant.guidance]}{' + CA' if variant.channel_attention else ''}, {variant.backbone}"
