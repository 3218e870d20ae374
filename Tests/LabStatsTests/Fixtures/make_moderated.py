#!/usr/bin/env python3
"""Writes the reference values of moderated variances and of what is judged by them: least squares by pseudo-inverse,
the weights of a contrast from it, Dunnett's critical values of broken degrees of freedom by quadrature, and intervals of
Hedges' g by SciPy's noncentral t.

Usage: python3 make_moderated.py   (writes moderated.json beside itself; needs numpy and scipy)
"""

import functools
import json
import pathlib

import numpy as np
from scipy import optimize, special, stats

from make_analysis import extreme

FOLDER = pathlib.Path(__file__).parent
THRESHOLD, REFERENCE_THRESHOLD, EXCLUSION, SUSPICION = 0.1, 0.2, 0.001, 0.5


def design(cells):
    treatments, blocks = sorted({t for t, _ in cells}), sorted({b for _, b in cells})
    matrix = np.zeros((len(cells), len(treatments) + len(blocks)))
    for row, (t, b) in enumerate(cells):
        matrix[row, treatments.index(t)] = matrix[row, len(treatments) + blocks.index(b)] = 1
    return treatments, matrix


def spreads(cells, values):
    """Of each treatment: own squares and their degrees of freedom, those of the others, and the p-value."""
    treatments, matrix = design(cells)
    hat = matrix @ np.linalg.pinv(matrix)
    residuals = values - hat @ values
    squares, degrees = residuals @ residuals, len(values) - np.linalg.matrix_rank(matrix)
    result = {}
    for treatment in treatments:
        rows = [i for i, cell in enumerate(cells) if cell[0] == treatment]
        if len(rows) < 3:
            continue
        own = sum(residuals[i] ** 2 / (1 - hat[i, i]) for i in rows) * (len(rows) - 1) / len(rows)
        f, rest = len(rows) - 1, squares - own
        result[treatment] = own, f, rest, degrees - f, stats.f.sf(own / f / (rest / (degrees - f)), f, degrees - f)
    return result, squares / degrees, degrees


def variances(cells, values, reference):
    """The variance of each treatment and its degrees of freedom, and the treatments that are left out of the common one."""
    def seen(without):
        kept = np.array([t not in without for t, _ in cells])
        return spreads([c for c, k in zip(cells, kept) if k], values[kept])

    everybody = {t for t, _ in cells}
    left_out, suspects = [], []
    while len(suspects) < len(everybody) // 2 and len(everybody) - len(suspects) > 3:
        others = seen(suspects)[0]
        noisiest = min(others, key=lambda t: others[t][4])
        level = others[noisiest][4] * len(others)
        if level >= SUSPICION:
            break
        suspects.append(noisiest)
        if level < EXCLUSION:
            left_out = list(suspects)
    found, common, degrees = seen(left_out)
    result = {}
    for treatment in {t for t, _ in cells}:
        if treatment in left_out:
            kept = np.array([t == treatment or t not in left_out for t, _ in cells])
            own, f, *_ = spreads([c for c, k in zip(cells, kept) if k], values[kept])[0][treatment]
            result[treatment] = own / f, f, 0.0
        elif treatment in found:
            own, f, rest, g, p = found[treatment]
            weight = min(1, p / (REFERENCE_THRESHOLD if treatment == reference else THRESHOLD)) ** 4
            result[treatment] = (own + weight * rest) / (f + weight * g), f + weight * g, weight
        else:
            result[treatment] = common, degrees, 1.0
    return result, left_out, common, degrees


def noncentrality(t, df, probability):
    """The noncentrality of a statistic of at most t with a probability."""
    span = 10 * np.sqrt(1 + t**2 / (2 * df))

    def excess(nc):
        # Far from t, SciPy has no number, and the probability is 0 or 1.
        value = stats.nct.cdf(t, df, nc)
        return (value if np.isfinite(value) else float(nc < t)) - probability

    return optimize.brentq(excess, t - span, t + span, xtol=1e-12)


@functools.cache
def critical_value(count, df):
    return optimize.brentq(lambda t: extreme(t, [np.sqrt(0.5)] * count, df) - 0.05, 1, 40, xtol=1e-9)


def case(name, rows, reference=0, critical=False):
    """Rows of values, NaN where one is missing."""
    rows = np.array(rows, float)
    cells = [(t, b) for t, b in np.argwhere(~np.isnan(rows)).tolist()]
    values = np.array([rows[t, b] for t, b in cells])
    found, left_out, common, degrees = variances(cells, values, reference)
    treatments, matrix = design(cells)
    inverse = np.linalg.pinv(matrix)
    comparisons = []
    for treatment in treatments:
        if treatment == reference:
            continue
        contrast = np.zeros(matrix.shape[1])
        contrast[treatments.index(treatment)], contrast[treatments.index(reference)] = 1, -1
        weights = contrast @ inverse
        alike, parts = 0.0, []
        for other in treatments:
            weight = sum(w**2 for w, cell in zip(weights, cells) if cell[0] == other)
            value, df, share = found[other]
            if share == 1:
                alike += weight * common
            else:
                parts.append((weight * value, df))
        parts.append((alike, degrees))
        variance = sum(v for v, _ in parts)
        df = min(degrees, variance**2 / sum(v**2 / f for v, f in parts if v > 0))
        entry = {
            "treatment": treatment, "estimate": weights @ values, "error": np.sqrt(variance), "df": df,
            "p": 2 * stats.t.sf(abs(weights @ values) / np.sqrt(variance), df),
        }
        unit, t = np.sqrt(common), weights @ values / np.sqrt(variance)
        correction = np.exp(special.gammaln(degrees / 2) - special.gammaln((degrees - 1) / 2)) / np.sqrt(degrees / 2)
        entry["g"] = [weights @ values / unit * correction] + [
            np.sqrt(variance) / unit * noncentrality(t, df, probability) for probability in (0.975, 0.025)
        ]
        if critical:
            entry["critical"] = critical_value(len(treatments) - 1, round(float(df), 13))
        comparisons.append(entry)
    return {
        "name": name, "values": [[None if np.isnan(x) else x for x in row] for row in rows.tolist()],
        "reference": reference, "excluded": left_out, "common": common, "df": degrees,
        "variances": [[*found[t]] for t in treatments], "comparisons": comparisons,
    }


def main():
    rng = np.random.default_rng(17)
    published = json.loads((FOLDER / "analysis.json").read_text(encoding="utf-8"))["fits"]["reference"]["values"]

    def rows(treatments, blocks, noisy, factor):
        values = rng.normal(size=(treatments, blocks))
        values[noisy] *= factor
        return np.round(values + rng.normal(size=blocks) * 2 + np.arange(treatments)[:, None] / 2, 3)

    alike = rows(6, 4, 0, 1)
    noisy_baseline = rows(7, 4, 0, 1.25)
    wild = rows(8, 5, 3, 60)
    missing = rows(6, 5, 2, 4)
    for t, b in [(0, 1), (2, 4), (3, 0), (5, 2), (5, 3)]:
        missing[t, b] = np.nan
    # Two treatments that share no block, and meet through the others only.
    apart = rows(5, 6, 1, 5)
    apart[0, 3:] = np.nan
    apart[1, :3] = np.nan
    # Two treatments that fail in the same block, a third by itself, and eight whose runs hardly vary.
    hidden = [
        [87.89, 88.57, 88.47, 88.89, 88.58], [82.41, 85.19, 79.29, 19.50, 80.09], [82.11, 85.13, 79.73, 20.03, 80.19],
        [83.27, 72.01, 74.73, 57.59, 82.12], [88.51, 88.48, 88.36, 88.68, 88.65], [88.83, 88.48, 88.35, 89.06, 89.42],
        [89.06, 88.72, 88.31, 89.17, 89.42], [88.81, 88.97, 89.04, 88.90, 88.51], [88.47, 89.03, 88.90, 88.98, 88.87],
        [83.48, 87.55, 84.33, 85.32, 85.00], [88.26, 88.09, 87.91, 88.99, 88.17],
    ]
    cases = [
        case("reference", published, critical=True), case("alike", alike, critical=True),
        case("noisy baseline", noisy_baseline, critical=True), case("wild", wild), case("missing", missing),
        case("apart", apart), case("hidden", hidden),
    ]
    (FOLDER / "moderated.json").write_text(json.dumps(cases, indent=1, default=float) + "\n", encoding="utf-8")
    for entry in cases:
        weights = [round(v[2], 3) for v in entry["variances"]]
        print(entry["name"], "weights", weights, "excluded", entry["excluded"])


if __name__ == "__main__":
    main()
