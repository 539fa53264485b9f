"""One row a fault: what is measured, where it becomes a fault, where it ends, what it needs, when it raises an alert.

Every number that decides about a fault is in `RULES`; docs/metrics.md is checked against it. A row's conditions are
alternatives (`any_of`), each a list of bounds that must all be exceeded. Luma, saturation and shares are in 0 … 1,
`change_median` and `noise_sigma` in luma levels of 0 … 255, `edge_width` in pixels.
"""

from collections.abc import Mapping

from domain.alerts import AlertRule
from domain.baselines import LightMode
from domain.faults import Fault
from evaluation.rules.detection_rules import DETECTION_RULES
from evaluation.rules.rule import Rule, RuleSource
from evaluation.rules.thresholds import (
    SUSPECTED,
    above,
    above_p95,
    above_until_settled,
    above_usual,
    below,
    below_p05,
    below_usual,
    model_threshold,
)

USUAL_SHARE = 0.8
HEALING_SHARE = 0.6
"""Share of bad pictures of a fault that each key frame heals and the next lost packet brings back."""


def _picture(
    fault: Fault, severity: str = "warning", *, hold_for_s: float = 300.0, share: float = USUAL_SHARE
) -> AlertRule:
    return AlertRule(fault, hold_for_s=hold_for_s, keep_firing_for_s=2 * hold_for_s, share=share, severity=severity)


def _connection(fault: Fault, severity: str = "warning") -> AlertRule:
    return AlertRule(fault, hold_for_s=60.0, keep_firing_for_s=120.0, severity=severity)


def _event(fault: Fault) -> AlertRule:
    return AlertRule(fault, hold_for_s=0.0, keep_firing_for_s=0.0, min_frames=1, severity="info", event=True)


_DAY = frozenset({LightMode.DAY})
_NO_FOG = below("haze", 0.59, 0.63)
"""Dense fog or film takes all structure too, but leaves nothing dark anywhere; a cover so bright is called that."""
LEAST_AGREEMENT = 0.65
"""A shifted view that explains less of the edges is not the same scene."""
_NOT_IN_PLACE = below("view_match", 0.46, 0.52)
"""Defocus, fog and night leave the edges where they were."""
_NOT_FOUND_ELSEWHERE = below("shift_agreement", 0.60, 0.66)
"""What is found again elsewhere in the picture is not covered."""
_GONE = (_NO_FOG, _NOT_FOUND_ELSEWHERE, _NOT_IN_PLACE)
_AS_LIT = above_usual("luma_mean", 0.60, 0.50)
"""Dusk and snow by night take two thirds of the structure of a picture half as bright; a cover that dark takes all."""
_COVER_SIGNS = (
    (below("detail_correlation", 0.18, 0.26),),
    (below("detail_correlation", 0.32, 0.40), below("layout_correlation", 0.70, 0.76)),
    (below("detail_correlation", 0.48, 0.54), below_usual("saturation", 0.60, 0.70)),
)
"""What a cover leaves behind; each is enough."""
_NO_LAMP = below("glare_share", 0.020, 0.030)
"""The halo of a lamp in the lens is as smooth as what is drawn out of a lost row."""
_NOT_QUANTISED = below("block_step", 8.4, 9.0)
"""Coarse quantisation draws blocks out to columns too, between borders of 11 levels and more; torn ones had 5."""
_DECODER_LOST = above("decoder_damage", 0.5, 0.4)
"""The decoder says that a part of the picture was lost; what that cost is for the picture to show."""
_NOT_BURNT_OUT = below("clipped_share", 0.30, 0.35)
"""What is burnt out has no edges to compare."""

UNLIT_LUMA_P95 = 0.15
"""A picture whose brightest twentieth stays under this shows nothing: at night the scene is unlit."""

_USUAL_LIGHT = above_usual("luma_mean", 0.92, 0.85)
"""A darker picture than usual is an amplified one: how noisy that is, the usual light does not say."""

SLATE_SHOWN = 0.80
"""From so much `slate` on, a slate is shown in place of the camera."""

_LIT = above("luma_p95", UNLIT_LUMA_P95, 0.12)
"""A picture without light may be an unlit scene: darkness alone is no slate."""

_TABLE: tuple[Rule, ...] = (
    # What the light does
    Rule(
        _picture(Fault.BLACK, "critical"),
        "almost every pixel is black",
        ((above("black_share", 0.98, 0.95, limit=0.999),),),
        needs_light=True,
        refuses=True,
    ),
    Rule(
        _picture(Fault.TOO_DARK),
        "the picture is too dark to see anything by",
        (
            (below("luma_mean", 0.18, 0.21), below("luma_p95", 0.27, 0.31)),
            (
                below_usual("luma_mean", 0.45, 0.55),
                below_usual("luma_p95", 0.42, 0.50),
                below("luma_p95", 0.34, 0.38),
            ),
            # Three stops less light: 2^(-3 / 2.2) of the coded luma
            (
                below_usual("luma_mean", 0.39, 0.50),
                below_usual("luma_p95", 0.39, 0.48),
                below("luma_p95", 0.38, 0.42),
            ),
            (model_threshold("too_dark"),),
        ),
        needs_light=True,
        refuses=True,
    ),
    Rule(
        _picture(Fault.TOO_BRIGHT),
        "large parts are burnt out",
        (
            (above("clipped_share", 0.08, 0.06), above("luma_mean", 0.72, 0.68)),
            (above_p95("clipped_share", 0.20, 0.14), above_usual("luma_mean", 1.12, 1.06)),
            (above("luma_mean", 0.80, 0.76), model_threshold("burnt_out", (0.10, 0.06))),
            (model_threshold("burnt_out"),),
        ),
        refuses=True,
    ),
    Rule(
        _picture(Fault.GLARE),
        "a light blinds the camera",
        (
            (
                above_p95("glare_share", 0.020, 0.012),
                above_usual("luma_mean", 1.12, 1.06),
                above_p95("haze", 0.12, 0.09),
                below("clipped_share", 0.55, 0.60),
            ),
            (
                above_p95("glare_share", 0.020, 0.012),
                above_usual("luma_mean", 1.12, 1.06),
                above_p95("haze", 0.05, 0.03),
                below("clipped_share", 0.25, 0.28),
            ),
        ),
        needs_baseline=True,
    ),
    # What the lens does
    Rule(
        _picture(Fault.BLUR),
        "fine detail is gone",
        (
            (below("sharpness", 0.30, 0.35), above("edge_width", 9.0, 8.0)),
            (below_usual("sharpness", 0.77, 0.84), above_usual("edge_width", 1.30, 1.20)),
            (model_threshold("defocus"),),
            (model_threshold("motion_blur"),),
        ),
        needs_light=True,
        provisional=True,
        refuses=True,
    ),
    Rule(
        _picture(Fault.LOW_CONTRAST),
        "the picture is washed out",
        (
            (below("contrast_rms", 0.020, 0.026),),
            (below_usual("contrast_rms", 0.55, 0.65), above_p95("haze", 0.10, 0.07), _NOT_BURNT_OUT),
            (
                above("haze", 0.12, 0.10),
                below("local_contrast", 3.0, 3.6),
                below("sharpness", 0.57, 0.60),
                above("contrast_rms", 0.125, 0.115),
                below("luma_p95", 0.80, 0.84),
            ),
            (model_threshold("fog"),),
            (model_threshold("condensation"),),
            (model_threshold("drops"),),
            (model_threshold("dirt"),),
        ),
        needs_light=True,
        refuses=True,
    ),
    Rule(
        _picture(Fault.COVERED, "critical"),
        "the structure of the usual view is gone: something hides it, or the camera was turned to a bare surface",
        (
            *((above("structure_lost", 0.60, 0.50, limit=0.95), *signs, *_GONE, _AS_LIT) for signs in _COVER_SIGNS),
            *((above("structure_lost", 0.75, 0.68, limit=0.95), *signs, *_GONE) for signs in _COVER_SIGNS),
            (
                above("structure_lost", 0.60, 0.57, limit=0.95),
                below("structure_kept", 0.04, 0.05),
                below("structure_new", 0.20, 0.22),
                below("detail_correlation", 0.42, 0.44),
                below("layout_correlation", 0.66, 0.68),
                below("view_match", 0.40, 0.42),
                _NO_FOG,
                _NOT_FOUND_ELSEWHERE,
            ),
            (model_threshold("covered"),),
            (model_threshold("covered_part"),),
        ),
        needs_baseline=True,
        needs_light=True,
        needs_sight=True,
        refuses=True,
        fixed_view=True,
        provisional=True,
        min_frames=2,
        window_s=0.5,
    ),
    Rule(
        _picture(Fault.CAMERA_MOVED, "critical", hold_for_s=180.0),
        "the view does not match the learned one",
        (
            (
                above("shift_agreement", 0.75, LEAST_AGREEMENT),
                above("shift_clearness", 0.15, 0.11),
                above("structure_disagreement", 0.30, 0.25, limit=0.50),
            ),
            (
                above("shift_agreement", 0.65, 0.55),
                above("shift_clearness", 0.30, 0.25),
                above("structure_disagreement", 0.30, 0.25, limit=0.50),
            ),
            (above("another_scene", 0.90, 0.60, limit=0.97), _NOT_BURNT_OUT),
            (
                above("shift_agreement", 0.75, LEAST_AGREEMENT),
                below("structure_kept", 0.05, 0.08),
                below("view_match", 0.30, 0.36),
                below("layout_correlation", 0.55, 0.65),
                below("structure_lost", 0.30, 0.35),
                above("structure_disagreement", 0.40, 0.35, limit=0.50),
            ),
        ),
        needs_baseline=True,
        needs_light=True,
        needs_sight=True,
        refuses=True,
        fixed_view=True,
        provisional=True,
        min_frames=1,
    ),
    Rule(
        _picture(Fault.SHAKE),
        "the whole picture jumps to and fro",
        ((above("shift", 0.008, 0.007),),),
        needs_light=True,
        fixed_view=True,
        dense=True,
    ),
    # What sensor, filter and cable do
    Rule(
        _picture(Fault.NOISE),
        "the picture is noisier than it should be",
        (
            (above_until_settled("noise_floor", 4.5, 3.6),),
            # Median of 24 Kodak photographs under the planted noise of medium strength: too much in any light
            (above("noise_floor", 9.0, 7.2),),
            (above_p95("noise_floor", 2.5, 1.8), above("noise_floor", 4.5, 3.6), _USUAL_LIGHT),
            (above_usual("noise_floor", 2.5, 1.9), above("noise_floor", 2.4, 2.0), _USUAL_LIGHT),
            (model_threshold("noise"),),
        ),
        steady_light=True,
        refuses=True,
    ),
    Rule(
        _picture(Fault.SNOW),
        "snow as of a lost analogue signal",
        ((above("snow_share", 0.013, 0.009),),),
        analogue_only=True,
        refuses=True,
    ),
    Rule(
        _picture(Fault.STRIPES),
        "stripes run through the picture",
        (
            (above("stripe_strength", 14.0, 11.0),),
            (above("stripe_strength", 8.0, 6.5), above_p95("stripe_strength", 3.0, 2.0)),
        ),
        analogue_only=True,
        refuses=True,
    ),
    Rule(
        _picture(Fault.COLOUR_CAST),
        "colours lean to one side",
        (
            (above_p95("lean_red", 0.075, 0.060),),
            (below_p05("lean_red", -0.075, -0.060),),
            (above_p95("lean_blue", 0.075, 0.060),),
            (below_p05("lean_blue", -0.075, -0.060),),
            (model_threshold("colour_cast"),),
        ),
        modes=_DAY,
        same_view=True,
        needs_course=True,
        needs_baseline=True,
    ),
    Rule(
        _picture(Fault.IR_CUT),
        "magenta by day: the infrared filter did not swing in",
        (
            (above("magenta", 0.10, 0.08),),
            (
                above_p95("magenta", 0.12, 0.09),
                above_p95("lean_red", 0.035, 0.025),
                above_p95("lean_blue", 0.035, 0.025),
                above("lean_red", 0.030, 0.020),
            ),
            (model_threshold("purple"),),
            (above("purple_share", 0.6, 0.45), model_threshold("purple", SUSPECTED)),
        ),
        modes=_DAY,
        refuses=True,
    ),
    # What the encoder and the network do
    Rule(
        _picture(Fault.BLOCKINESS),
        "compression blocks show",
        (
            (above("blockiness", 2.4, 2.1), above("block_step", 0.8, 0.65)),
            (above_usual("blockiness", 1.4, 1.3), above("blockiness", 1.5, 1.4), above("block_step", 0.8, 0.65)),
            (model_threshold("compression"),),
        ),
        refuses=True,
    ),
    Rule(
        _picture(Fault.CORRUPT_PICTURE, share=HEALING_SHARE),
        "parts of the picture are smeared or missing",
        (
            (above("corrupt_share", 0.25, 0.20),),
            (
                above("corrupt_share", 0.040, 0.025),
                above_p95("corrupt_share", 0.030, 0.015),
                above("blockiness", 1.30, 1.25),
                _NO_LAMP,
                _NOT_QUANTISED,
            ),
            (_DECODER_LOST, above("corrupt_share", 0.020, 0.010)),
            (_DECODER_LOST, above("blockiness", 1.5, 1.35), above("block_step", 0.8, 0.65)),
            (model_threshold("torn"),),
        ),
        min_frames=2,
        kept_frames=3,
        bad_share=HEALING_SHARE,
        provisional=True,
        refuses=True,
    ),
    Rule(
        _picture(Fault.PLACEHOLDER, "critical"),
        "the signal is lost: a slate, one flat colour or colour bars are shown instead of the camera",
        (
            (above("slate", SLATE_SHOWN, 0.70),),
            (model_threshold("slate"), _LIT),
        ),
        refuses=True,
    ),
    Rule(
        _picture(Fault.FREEZE, "critical", hold_for_s=60.0),
        "nothing moves but the clock, not even the sensor's own noise",
        ((below("change_median", 0.02, 0.04), below("change_share", 0.25, 0.30)),),
        window_s=5.0,
    ),
    Rule(
        _connection(Fault.BITRATE_STARVED),
        "the stream gets far fewer bits than usual and it shows",
        (
            (below_usual("bitrate_bps", 0.6, 0.7), above_p95("qp", 6.0, 4.0)),
            (below_usual("bitrate_bps", 0.5, 0.65), above_usual("blockiness", 1.4, 1.25)),
        ),
        needs_baseline=True,
    ),
    # What the connection does
    Rule(
        _connection(Fault.LOW_FPS),
        "the camera sends far fewer frames than usual in this light",
        ((below_usual("fps", 0.5, 0.65),),),
        source=RuleSource.STATUS,
        needs_baseline=True,
        window_s=10.0,
    ),
    Rule(
        _connection(Fault.DECODE_ERRORS),
        "packets are lost or damaged on the way",
        ((above("decode_errors_per_min", 12.0, 4.0),),),
        source=RuleSource.STATUS,
    ),
    Rule(_connection(Fault.SIGNAL_LOSS, "critical"), "the camera cannot be reached", source=RuleSource.STATE),
    Rule(_connection(Fault.NO_FRAMES, "critical"), "connected, but no video arrives", source=RuleSource.STATE),
    Rule(_connection(Fault.LOGIN_REFUSED, "critical"), "the camera refuses the login", source=RuleSource.STATE),
    Rule(_connection(Fault.CODEC_UNSUPPORTED), "the stream's codec cannot be decoded", source=RuleSource.STATE),
    Rule(_event(Fault.RESOLUTION_CHANGED), "the picture size changed", source=RuleSource.STATE),
    Rule(_event(Fault.CODEC_CHANGED), "the codec changed", source=RuleSource.STATE),
    *DETECTION_RULES,
)

RULES: Mapping[Fault, Rule] = {rule.fault: rule for rule in _TABLE}

LIGHT_DEPENDENT = frozenset({Fault.LOW_FPS, Fault.BITRATE_STARVED})
"""Connection faults compared within one light mode: long exposure lowers fps, noise raises bitrate."""
