#!/usr/bin/env python3
"""Recomputes the committed analysis of the reference result from its runs, by other means than labrun's.

    python3 Results/reference/recompute.py [ablation-runs.csv ablation-analysis.json]

Reads the accuracy of every run and fits the model variant + seed + residual by NumPy's least squares, with the distributions
of SciPy and Dunnett's probabilities by quadrature; variances of variants that vary otherwise than the others are those of
Tests/LabStatsTests/Fixtures/make_moderated.py. Compares every number of the comparisons, the analysis of variance and the
effects with what `labrun analyze --json` printed, and ends with status 1 where one differs by more than a billionth.
"""

from __future__ import annotations

import csv
import itertools
import json
import sys
from pathlib import Path

import numpy as np
from scipy import integrate, optimize, special, stats

sys.path.insert(0, str(Path(__file__).parents[2] / "Tests" / "LabStatsTests" / "Fixtures"))
from make_moderated import variances  # noqa: E402

FACTORS = ["conv", "downsample", "loss"]


def fit(columns: list[np.ndarray], values: np.ndarray) -> tuple[np.ndarray, float, int, np.ndarray]:
    """Least squares: coefficients, residual sum of squares, its degrees of freedom, inverse of the normal matrix."""
    matrix = np.column_stack(columns)
    inverse = np.linalg.pinv(matrix.T @ matrix)
    coefficients = inverse @ (matrix.T @ values)
    residuals = values - matrix @ coefficients
    return coefficients, float(residuals @ residuals), len(values) - np.linalg.matrix_rank(matrix), inverse


def dunnett_exceedance(bound: float, count: int, degrees: float) -> float:
    """The chance that the largest of `count` |t| values with correlation 1/2 is beyond `bound`."""
    nodes, weights = np.polynomial.legendre.leggauss(200)
    normal, normal_weights = 9 * nodes, 9 * weights * stats.norm.pdf(9 * nodes)
    root = np.sqrt(0.5)

    def within(scale: float) -> float:
        upper = (root * normal + bound * scale) / root
        lower = (root * normal - bound * scale) / root
        return float(normal_weights @ (special.ndtr(upper) - special.ndtr(lower)) ** count)

    def density(scale: float) -> float:
        return 2 * degrees * scale * stats.chi2.pdf(degrees * scale**2, degrees)

    # All of the scale's distribution but 1e-15.
    half = float(np.sqrt(stats.chi2.isf(1e-15, degrees) / degrees)) / 2
    scales, scale_weights = half * nodes + half, half * weights
    return 1 - float(sum(w * density(s) * within(s) for s, w in zip(scales, scale_weights)))


def noncentrality(t: float, degrees: float, probability: float) -> float:
    """The noncentrality of a t statistic of at most `t` with a probability."""
    span = 10 * np.sqrt(1 + t**2 / (2 * degrees))

    def excess(value: float) -> float:
        # Far from t, SciPy has no number, and the probability is 0 or 1.
        found = stats.nct.cdf(t, degrees, value)
        return (found if np.isfinite(found) else float(value < t)) - probability

    return float(optimize.brentq(excess, t - span, t + span, xtol=1e-13))


def main() -> int:
    folder = Path(__file__).parent
    paths = sys.argv[1:] or [folder / "ablation-runs.csv", folder / "ablation-analysis.json"]
    with open(paths[0], encoding="utf-8") as file:
        runs = list(csv.DictReader(file))
    report = json.loads(Path(paths[1]).read_text(encoding="utf-8"))
    metric = report["metric"]
    values = np.array([float(run[metric]) for run in runs])
    labels = list(dict.fromkeys(run["variant"] for run in runs))
    seeds = sorted({run["seed"] for run in runs})
    indicator = {label: np.array([run["variant"] == label for run in runs], float) for label in labels}
    blocks = [np.array([run["seed"] == seed for run in runs], float) for seed in seeds[1:]]
    checked = failures = 0

    def check(name: str, actual: float | None, expected: float, tolerance: float = 1e-9) -> None:
        nonlocal checked, failures
        checked += 1
        if actual is None or not abs(actual - expected) <= tolerance * max(1, abs(expected)):
            failures += 1
            print(f"{name}: {actual} is not {expected}", file=sys.stderr)

    coefficients, squares, degrees, inverse = fit([*indicator.values(), *blocks], values)
    deviation = np.sqrt(squares / degrees)
    check("residual SD", report["residual_sd"], deviation)
    check("residual df", report["residual_df"], degrees)
    # Of each variant: its variance, the degrees of freedom of that, and the others' share in it.
    cells = [(labels.index(run["variant"]), seeds.index(run["seed"])) for run in runs]
    spreads, left_out, common, degrees_of_common = variances(cells, values, labels.index(report["sweep"]["baseline"]))
    own = [label for i, label in enumerate(labels) if i in left_out or spreads[i][2] < 1]
    check("moderated variances", float(sorted(row["variant"] for row in report["moderated_variances"]) == sorted(own)), 1)
    if left_out:
        sys.exit("runs of some variants are left out of the common residual, which this script does not follow")
    check("the common residual", float(np.sqrt(common)), deviation)
    check("its degrees of freedom", float(degrees_of_common), degrees)
    everything = np.column_stack([*indicator.values(), *blocks])

    def judged(weights: np.ndarray) -> tuple[float, float, float]:
        """A contrast of the model's coefficients: its estimate, standard error and degrees of freedom."""
        of_runs = weights @ inverse @ everything.T
        alike, parts = 0.0, []
        for i, label in enumerate(labels):
            square = float(np.sum(of_runs[indicator[label] == 1] ** 2))
            variance, freedom, share = spreads[i]
            if share == 1:
                alike += square * common
            else:
                parts.append((square * variance, freedom))
        parts.append((alike, degrees))
        total = sum(part for part, _ in parts)
        freedom = min(degrees, total**2 / sum(part**2 / f for part, f in parts if part > 0))
        return float(weights @ coefficients), float(np.sqrt(total)), float(freedom)

    count = len(labels) - 1
    critical = optimize.brentq(lambda bound: dunnett_exceedance(bound, count, degrees) - 0.05, 1.5, 6, xtol=1e-13)
    check("critical value", report["critical_value"], critical)

    tables = {s["table"]["table"]: s["table"]["rows"] for s in report["sections"] if s.get("table")}
    rows = {row["variant"]: row for row in tables["comparisons"]}
    baseline = report["sweep"]["baseline"]
    single = {}
    for label in labels:
        if label == baseline:
            continue
        weights = np.zeros(len(coefficients))
        weights[labels.index(label)], weights[labels.index(baseline)] = 1, -1
        difference, error, freedom = judged(weights)
        row = rows[label]
        bound = critical
        if freedom != degrees:
            bound = optimize.brentq(lambda x: dunnett_exceedance(x, count, freedom) - 0.05, 1.5, 9, xtol=1e-13)
        single[label] = float(2 * stats.t.sf(abs(difference / error), freedom))
        check(label, row[f"{metric}_difference"], difference)
        check(label + " lower", row[f"{metric}_difference_lower"], difference - bound * error)
        check(label + " upper", row[f"{metric}_difference_upper"], difference + bound * error)
        check(label + " standard error", row["standard_error"], error)
        check(label + " df", row["df"], freedom)
        check(label + " p", row["p"], single[label])
        check(label + " p at once", row["p_simultaneous"], dunnett_exceedance(abs(difference / error), count, freedom))
        factor = np.exp(special.gammaln(degrees / 2) - special.gammaln((degrees - 1) / 2)) / np.sqrt(degrees / 2)
        check(label + " g", row["hedges_g"], difference / deviation * factor)
        for key, probability in (("hedges_g_lower", 0.975), ("hedges_g_upper", 0.025)):
            end = noncentrality(difference / error, freedom, probability) * error / deviation
            check(f"{label} {key}", row[key], end, 1e-8)
        mean = float(np.mean(values[indicator[baseline] == 1]))
        check(label + " errors", row["relative_error_change"], -difference / (1 - mean))
        verdict = "undecided"
        if difference - bound * error > 0:
            verdict = "better"
        elif difference + bound * error < 0:
            verdict = "worse"
        check(f"{label}: {verdict}", float(row["verdict"] == verdict), 1)
    largest = 0.0
    for position, (label, p) in enumerate(sorted(single.items(), key=lambda item: item[1])):
        largest = max(largest, min(1.0, (count - position) * p))
        check(label + " Holm", rows[label]["p_holm"], largest)

    # Type III: effect coding, and each term left out of the whole model.
    levels = {factor: list(dict.fromkeys(run[factor] for run in runs)) for factor in FACTORS}
    codes = {
        factor: [
            np.array([(run[factor] == level) - (run[factor] == names[0]) for run in runs], float) for level in names[1:]
        ]
        for factor, names in levels.items()
    }
    terms = [t for size in (1, 2, 3) for t in itertools.combinations(FACTORS, size)]
    columns = {t: [np.prod(c, axis=0) for c in itertools.product(*(codes[f] for f in t))] for t in terms}
    ones = [np.ones(len(values))]
    variance = {row["source"]: row for row in tables["analysis-of-variance"]}
    whole = float(np.sum((values - np.mean(values)) ** 2))
    for term in terms:
        name = " × ".join(term)
        row = variance[name]
        rest = [c for other in terms if other != term for c in columns[other]]
        _, without, _, _ = fit(ones + blocks + rest, values)
        size, explained = len(columns[term]), without - squares
        ratio = explained / size / (squares / degrees)
        check(f"{name} df", row["df"], size)
        check(f"{name} SS", row["sum_of_squares"], explained)
        check(f"{name} F", row["f"], ratio, 1e-8)
        check(f"{name} p", row["p"], float(stats.f.sf(ratio, size, degrees)))
        check(f"{name} partial eta²", row["partial_eta_squared"], explained / without)
        check(f"{name} share", row["variance_share"], explained / whole)
        omega = max(0.0, (explained - size * squares / degrees) / (whole + squares / degrees))
        check(f"{name} omega²", row["omega_squared"], omega)
    check("residual SS", variance["residual"]["sum_of_squares"], squares)
    for row in tables["effects"]:
        shares = []
        for key in ("level", "reference"):
            chosen = [l for l in labels if any(r["variant"] == l and r[row["factor"]] == row[key] for r in runs)]
            shares.append(np.array([(label in chosen) / len(chosen) for label in labels] + [0.0] * len(blocks)))
        effect, error, freedom = judged(shares[0] - shares[1])
        half = float(stats.t.ppf(0.975, freedom)) * error
        name = f"effect of {row['factor']} {row['level']}"
        check(name, row["effect"], effect)
        check(name + " lower", row["effect_lower"], effect - half)
        check(name + " upper", row["effect_upper"], effect + half)
        check(name + " p", row["p"], float(2 * stats.t.sf(abs(effect / error), freedom)))

    print(f"{checked} numbers recomputed, {failures} differ")
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
