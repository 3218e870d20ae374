#!/usr/bin/env python3
"""Writes the effects of factors where one variant's runs vary more than those of the others.

    python3 make_factor_variances.py   (writes factor_variances.json beside itself; needs NumPy and SciPy)

The residuals are those of NumPy's least squares, the variances and degrees of freedom follow the formulas of the
documentation of TreatmentVariances, and the critical values of two effects that share their reference are integrated.
"""

from __future__ import annotations

import itertools
import json
from pathlib import Path

import numpy as np
from scipy import optimize, stats
from scipy.special import ndtr

VALUES = np.array([
    [82.70, 83.65, 83.75], [78.45, 77.40, 79.15], [82.95, 82.80, 83.60], [76.75, 77.70, 79.50], [82.85, 83.15, 84.20],
    [78.75, 77.75, 79.45], [82.75, 82.50, 83.80], [77.55, 77.45, 79.15], [84.15, 84.00, 83.75], [78.30, 77.80, 79.75],
    [84.35, 83.35, 84.05], [78.15, 78.45, 78.30]])
LEVELS = list(itertools.product(range(3), range(2), range(2)))
REFERENCE = 0


def design() -> np.ndarray:
    rows = []
    for variant, seed in itertools.product(range(12), range(3)):
        row = np.zeros(14)
        row[variant] = 1
        if seed:
            row[11 + seed] = 1
        rows.append(row)
    return np.array(rows)


def exceedance(bound: float, degrees: float) -> float:
    """The chance that the larger of two |t| with correlation 1/2 is beyond a bound."""
    nodes, weights = np.polynomial.legendre.leggauss(300)
    z, z_weights = 9 * nodes, 9 * weights * stats.norm.pdf(9 * nodes)
    root = np.sqrt(0.5)
    scale, scale_weights = 2.5 * nodes + 2.5, 2.5 * weights
    density = 2 * degrees * scale * stats.chi2.pdf(degrees * scale**2, degrees)
    inside = [z_weights @ (ndtr((root * z + bound * s) / root) - ndtr((root * z - bound * s) / root)) ** 2 for s in scale]
    return 1 - float(scale_weights * density @ np.array(inside))


def main() -> None:
    matrix, values = design(), VALUES.reshape(-1)
    hat = matrix @ np.linalg.pinv(matrix)
    residuals = values - hat @ values
    total, degrees = float(residuals @ residuals), 22
    common = total / degrees
    free = residuals**2 / (1 - np.diag(hat))
    variances, own_degrees = np.full(12, common), np.full(12, float(degrees))
    for variant in range(12):
        squares = float(free[3 * variant : 3 * variant + 3].sum()) * 2 / 3
        rest, rest_degrees = total - squares, degrees - 2
        p = stats.f.sf((squares / 2) / (rest / rest_degrees), 2, rest_degrees)
        threshold = 0.2 if variant == REFERENCE else 0.1
        if p < threshold:
            weight = (p / threshold) ** 4
            own_degrees[variant] = 2 + weight * rest_degrees
            variances[variant] = (squares + weight * rest) / own_degrees[variant]

    def judged(weights: np.ndarray) -> dict[str, float]:
        parts = weights**2 * variances / 3
        is_common = own_degrees == degrees
        uncertainty = parts[is_common].sum() ** 2 / degrees + sum(
            part**2 / own for part, own in zip(parts[~is_common], own_degrees[~is_common]))
        df = min(degrees, parts.sum() ** 2 / uncertainty)
        return {"estimate": float(weights @ VALUES.mean(axis=1)), "se": float(np.sqrt(parts.sum())), "df": float(df)}

    effects = []
    for level in (1, 2):
        main_effect, interaction = np.zeros(12), np.zeros(12)
        for index, (conv, downsample, _) in enumerate(LEVELS):
            sign = (conv == level) - (conv == 0)
            main_effect[index] = sign / 4
            interaction[index] = sign * (1 if downsample == 1 else -1) / 2
        for name, weights in (("main", main_effect), ("interaction", interaction)):
            result = judged(weights)
            result["critical"] = optimize.brentq(lambda c: exceedance(c, result["df"]) - 0.05, 1.5, 5, xtol=1e-10)
            result["p_adjusted"] = exceedance(abs(result["estimate"]) / result["se"], result["df"])
            effects.append({"effect": name, "level": level, "weights": weights.tolist(), **result})
    path = Path(__file__).with_name("factor_variances.json")
    path.write_text(json.dumps({
        "values": VALUES.tolist(), "levels": LEVELS, "moderated": int((variances != common).sum()), "effects": effects,
        "critical_of_common": optimize.brentq(lambda c: exceedance(c, 22) - 0.05, 1.5, 5, xtol=1e-10),
    }, indent=1) + "\n")


if __name__ == "__main__":
    main()
