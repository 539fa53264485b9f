"""The figures of Lu et al. 2022, Tables 2 and 3, as printed: PLCC and RMSE after the logistic fit, SROCC."""

from collections.abc import Mapping
from types import MappingProxyType

COLUMNS = ("plcc_fitted", "srocc", "rmse_fitted")
PROPOSED = "proposed"
TABLE_2: Mapping[str, tuple[float, float, float]] = MappingProxyType(
    {
        "BLIINDS-II": (0.2059, 0.1584, 0.903),
        "BRISQUE": (0.3256, 0.3051, 0.8726),
        "CORNIA": (0.5641, 0.5476, 0.7619),
        "DIIVINE": (0.2178, 0.0223, 0.9007),
        "GMLF": (0.2058, 0.0740, 0.9030),
        "HOSA": (0.3273, 0.2871, 0.8720),
        "SISBLIM": (0.5488, 0.4206, 0.7714),
        "NFERM": (0.3925, 0.2576, 0.8488),
        "SFA": (0.8741, 0.8702, 0.4153),
        "DBCNN": (0.8785, 0.8727, 0.4033),
        "HyperIQA": (0.8687, 0.8631, 0.4478),
        PROPOSED: (0.9025, 0.8973, 0.3927),
    }
)
TABLE_3: Mapping[float, tuple[float, float, float]] = MappingProxyType(
    {
        0.0: (0.8768, 0.8699, 0.4448),
        0.2: (0.9025, 0.8973, 0.3927),
        0.4: (0.8960, 0.8896, 0.4035),
        0.6: (0.8895, 0.8778, 0.4148),
        0.8: (0.8789, 0.8750, 0.4334),
        1.0: (0.8703, 0.8646, 0.4470),
    }
)
"""By the weight of the local branch."""
