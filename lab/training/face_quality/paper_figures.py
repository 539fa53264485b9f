"""The figures of Tables II to VI of Jiang et al. 2026 (arXiv 2602.07403), to stand beside ours."""

from collections.abc import Mapping

from detectors.models.face_quality.network import Dimension, FaceView

TABLE_2_COLUMNS = tuple(f"{dimension} {measure}" for dimension in Dimension for measure in ("srocc", "plcc"))


def _row(*figures: float) -> dict[str, float]:
    return dict(zip(TABLE_2_COLUMNS, figures, strict=True))


TABLE_2: Mapping[str, Mapping[str, float]] = {
    "BRISQUE": _row(.7553, .8442, .7506, .7813, .7041, .7942, .7075, .7699, .7147, .7913, .7330, .7895),
    "NIQE": _row(.0242, .1547, .0067, .0704, .0168, .1273, .0192, .1115, .0170, .1118, .0150, .1020),
    "HyperIQA": _row(.7765, .8556, .8011, .8372, .7831, .8553, .7903, .8497, .7522, .8460, .7679, .8434),
    "TReS": _row(.8482, .8919, .8680, .8805, .8411, .8794, .8486, .8699, .8374, .8801, .8481, .8796),
    "MUSIQ": _row(.8828, .9114, .9076, .9200, .7638, .7719, .8487, .8830, .8731, .8975, .9035, .9201),
    "MANIQA": _row(.8058, .8947, .8451, .8766, .8620, .9137, .8420, .8872, .7937, .8591, .8491, .9029),
    "StairIQA": _row(.9224, .9437, .9335, .9426, .9174, .9391, .9237, .9431, .9168, .9442, .9286, .9472),
    "CLIP-IQA": _row(.6591, .6828, .6401, .5817, .6828, .7031, .6940, .7093, .6432, .5392, .6413, .5910),
    "LIQE": _row(.9162, .9430, .9331, .9447, .9270, .9473, .9320, .9502, .9148, .9385, .9290, .9463),
    "TOPIQ": _row(.8874, .9168, .8870, .9050, .8787, .9302, .8927, .9226, .8481, .8893, .8768, .9148),
    "SER-FIQ": _row(.5058, .5445, .4408, .4748, .5258, .5505, .4985, .5304, .4912, .5189, .4697, .5055),
    "SDD-FIQA": _row(.5872, .6109, .5996, .6369, .5891, .6206, .6102, .6358, .6218, .6473, .5905, .6259),
    "IFQA": _row(.8626, .8869, .8849, .9017, .8776, .9012, .8724, .8961, .8812, .9079, .8928, .9273),
    "DN-PIQA": _row(.8424, .8895, .8745, .8885, .8750, .9088, .9059, .9208, .8514, .8915, .8846, .9071),
    "DSL-FIQA": _row(.9311, .9532, .9422, .9519, .9360, .9517, .9417, .9557, .9274, .9472, .9411, .9585),
    "sfiqa_xxs": _row(.9142, .9453, .9294, .9417, .9319, .9438, .9200, .9488, .9160, .9473, .9310, .9499),
    "sfiqa_xs": _row(.9178, .9480, .9343, .9454, .9324, .9446, .9192, .9488, .9177, .9471, .9344, .9519),
    "sfiqa_s": _row(.9254, .9522, .9386, .9485, .9376, .9525, .9290, .9522, .9218, .9465, .9379, .9538),
}  # fmt: skip

TABLE_3_DATASETS = ("gfiqa-20k", "cgfiqa-40k")
TABLE_3: Mapping[str, tuple[float, float, float, float]] = {
    "HyperIQA": (0.8923, 0.8846, 0.9766, 0.9629),
    "TReS": (0.7967, 0.7670, 0.8505, 0.8452),
    "MUSIQ": (0.9243, 0.9203, 0.9694, 0.9701),
    "MANIQA": (0.9639, 0.9589, 0.9521, 0.9561),
    "CLIP-IQA": (0.8484, 0.8519, 0.8062, 0.8109),
    "StairIQA": (0.9624, 0.9665, 0.9831, 0.9843),
    "LIQE": (0.9622, 0.9405, 0.9839, 0.9567),
    "TOPIQ": (0.9641, 0.9581, 0.9844, 0.9806),
    "SER-FIQ": (0.4873, 0.5239, 0.6037, 0.6272),
    "SDD-FIQA": (0.5633, 0.5938, 0.7030, 0.7257),
    "IFQA": (0.9514, 0.9533, 0.9779, 0.9758),
    "DN-PIQA": (0.9430, 0.9379, 0.9714, 0.9724),
    "DSL-FIQA": (0.9696, 0.9699, 0.9861, 0.9865),
    "sfiqa_s": (0.9654, 0.9666, 0.9842, 0.9846),
}
"""SROCC and PLCC on GFIQA-20k, then on CGFIQA-40k."""

TABLE_4: Mapping[tuple[str, str], tuple[float, float, float, float]] = {
    ("sfiqa-bench", "gfiqa-20k"): (0.6666, 0.7092, 0.7573, 0.7788),
    ("sfiqa-bench", "cgfiqa-40k"): (0.7499, 0.7709, 0.8338, 0.8263),
    ("gfiqa-20k", "sfiqa-bench"): (0.5890, 0.6277, 0.5511, 0.5601),
    ("gfiqa-20k", "cgfiqa-40k"): (0.9767, 0.9750, 0.9710, 0.9615),
    ("cgfiqa-40k", "sfiqa-bench"): (0.6029, 0.6228, 0.5626, 0.5802),
    ("cgfiqa-40k", "gfiqa-20k"): (0.9350, 0.9376, 0.9491, 0.9392),
}
"""Trained on, tested on: SROCC and PLCC of SFIQA-Assessor-S, then of DSL-FIQA."""

TABLE_5: Mapping[str, tuple[float, float, float, float]] = {
    "edgenext_small": (0.9317, 0.9510, 17.76, 3.75),
    "mobilenetv4_conv_medium": (0.9041, 0.9306, 23.42, 5.67),
    "efficientformerv2_s1": (0.9150, 0.9378, 19.05, 2.75),
    "repvit_m1": (0.9085, 0.9352, 16.10, 3.36),
}
"""By backbone: SROCC, PLCC (means of the six dimensions), million parameters, GMACs; so for Table VI."""

_LOOSE, _COMPACT, _PARTS = str(FaceView.LOOSE), str(FaceView.COMPACT), str(FaceView.PARTS)
TABLE_6: Mapping[str, tuple[Mapping[str, str], tuple[float, float, float, float]]] = {
    "loose": ({"views": _LOOSE}, (0.9186, 0.9374, 6.91, 1.32)),
    "loose, compact": ({"views": f"{_LOOSE} {_COMPACT}"}, (0.9279, 0.9482, 12.34, 2.54)),
    "loose, parts": ({"views": f"{_LOOSE} {_PARTS}"}, (0.9219, 0.9437, 12.34, 2.54)),
    "without task attention": ({"task_attention": "no"}, (0.9093, 0.9267, 17.01, 3.74)),
    "without view fusion": ({"view_fusion": "no"}, (0.9265, 0.9487, 16.64, 3.15)),
    "all": ({}, (0.9317, 0.9510, 17.76, 3.75)),
}
"""The recipe's options of each row; the parameters without fusion or task attention fit no reading we found."""
