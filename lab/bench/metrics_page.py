"""Writes the generated parts of docs/metrics.md, so that no threshold is written in two places.

Run `python -m lab.bench.metrics_page` after a change to the rules or the registry.
"""

import sys
from pathlib import Path

from detectors.registry import METRICS
from domain.evidence_metrics import EVIDENCE_METRICS
from domain.faults import FAULT_LABELS, Fault
from domain.metrics import Direction
from evaluation.alerting.root_cause import IMPLIES, PRECEDENCE
from evaluation.rules.fault_rules import RULES
from evaluation.rules.rule import Rule, RuleSource
from evaluation.rules.thresholds import Threshold, ThresholdBasis, WorseSide

PAGE = Path(__file__).parents[2] / "docs" / "metrics.md"
_MARK = "<!-- generated: {} -->"
_END = "<!-- end -->"
_DIRECTIONS = {Direction.HIGHER_IS_BETTER: "higher", Direction.LOWER_IS_BETTER: "lower", Direction.NEITHER: "neither"}


PTZ_WORDS = {True: "on PTZ against its presets", False: "not on PTZ"}


def metrics_table() -> str:
    """Return the meaning of every metric, a row each."""
    lines = ["| metric | what | unit | bounds | better | source |", "|---|---|---|---|---|---|"]
    lines += [
        f"| `{spec.key}` | {spec.label} | {spec.unit} | {spec.low:g} … {spec.high:g} | {_DIRECTIONS[spec.direction]} "
        f"| {spec.source} |"
        for spec in (*METRICS.values(), *EVIDENCE_METRICS.values())
    ]
    return "\n".join(lines)


def faults_table() -> str:
    """Return how every fault is decided, a row each, in the order in which headlines are chosen."""
    lines = [
        "| fault | is bad when | ends when | judged | raise / clear | severity |",
        "|---|---|---|---|---|---|",
    ]
    for fault in PRECEDENCE:
        rule = RULES[fault]
        times = "at once, an event" if rule.alert.event else _times(rule)
        lines.append(
            f"| `{fault}` ({FAULT_LABELS[fault]}) | {_conditions(rule, clear=False)} | {_conditions(rule, clear=True)} "
            f"| {_evaluation_text(rule)} | {times} | {rule.alert.severity} |"
        )
    return "\n".join(lines)


def implications_table() -> str:
    """Return which fault implies which, a row a cause."""
    lines = ["| cause | implies |", "|---|---|"]
    for cause in (fault for fault in PRECEDENCE if fault in IMPLIES):
        implied = ", ".join(f"`{fault}`" for fault in Fault if fault in IMPLIES[cause])
        lines.append(f"| `{cause}` | {implied} |")
    return "\n".join(lines)


def render_page(text: str) -> str:
    """Return the page with its generated parts as they should be."""
    parts = {"metrics": metrics_table(), "faults": faults_table(), "implications": implications_table()}
    for name, table in parts.items():
        head, _, rest = text.partition(_MARK.format(name))
        _, _, tail = rest.partition(_END)
        text = f"{head}{_MARK.format(name)}\n{table}\n{_END}{tail}"
    return text


def _times(rule: Rule) -> str:
    return f"{rule.alert.hold_for_s:g} s / {rule.alert.keep_firing_for_s:g} s"


def _conditions(rule: Rule, *, clear: bool) -> str:
    if not rule.any_of:
        return "the connection says otherwise" if clear else "the connection says so"
    both, either = (" or ", "; and ") if clear else (" and ", "; or ")
    return either.join(both.join(_bound_text(bound, clear=clear) for bound in bounds) for bounds in rule.any_of)


def _bound_text(bound: Threshold, *, clear: bool) -> str:
    high = bound.worse is WorseSide.HIGH
    sign = ("<" if high else ">") if clear else ("≥" if high else "≤")
    number = bound.clear if clear else bound.fault
    if bound.against is ThresholdBasis.RATIO:
        return f"`{bound.metric}` {sign} {number:g} times the usual"
    if bound.against is ThresholdBasis.EXCESS:
        end = "95th" if high else "5th"
        return f"`{bound.metric}` {sign} usual {end} percentile {number:+g}"
    until = " until its usual value is learned" if bound.until_settled else ""
    return f"`{bound.metric}` {sign} {number:g}{until}"


def _evaluation_text(rule: Rule) -> str:
    words = [
        {RuleSource.FRAME: "every frame", RuleSource.STATUS: "every status", RuleSource.STATE: "every status"}[
            rule.source
        ],
        "needs a baseline" if rule.needs_baseline else "",
        "of a day and a night" if rule.needs_course else "",
        "not compared for two hours after a change of light" if rule.steady_light else "",
        f"by {'/'.join(sorted(rule.modes))} only" if len(rule.modes) == 1 else "",
        "not in an unlit scene" if rule.needs_light else "",
        "nor in the dark" if rule.needs_sight else "",
        PTZ_WORDS[rule.needs_baseline] if rule.fixed_view else "",
        "analogue encoders only" if rule.analogue_only else "",
        "needs all frames" if rule.dense else "",
        "a first view with it is refused" if rule.refuses else "",
        f"window {rule.window_s:g} s" if rule.window_s else "",
        f"{rule.bad_share:.0%} of the pictures are enough" if rule.bad_share else "",
    ]
    return ", ".join(word for word in words if word)


if __name__ == "__main__":
    text = PAGE.read_text(encoding="utf-8")
    PAGE.write_text(render_page(text), encoding="utf-8")
    sys.exit(0)
