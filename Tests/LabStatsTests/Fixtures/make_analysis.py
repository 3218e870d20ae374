#!/usr/bin/env python3
"""Writes the reference values of simultaneous distributions and of tests of spread: SciPy where it has the function,
and a plain trapezoidal rule on the defining integral elsewhere.

Usage: python3 make_analysis.py   (writes simultaneous.json beside itself; needs numpy and scipy)
"""

import json
import pathlib

import numpy as np
from scipy import integrate, optimize, special, stats

FOLDER = pathlib.Path(__file__).parent
Z = np.linspace(-14, 14, 14001)


def extreme(t, loadings, df, two_sided=True):
    """The probability that the largest of t statistics with one factor exceeds t."""
    loadings = np.asarray(loadings, float)
    distinct, counts = np.unique(loadings, return_counts=True)

    def exceeds(point):
        log_none = np.zeros_like(Z)
        for loading, count in zip(distinct, counts):
            own = np.sqrt(1 - loading**2)
            tail = special.ndtr(-(point - loading * Z) / own)
            if two_sided:
                tail = tail + special.ndtr(-(point + loading * Z) / own)
            with np.errstate(divide="ignore"):
                log_none += count * np.log1p(-np.minimum(tail, 1))
        return np.trapezoid(stats.norm.pdf(Z) * -np.expm1(log_none), Z)

    if df is None:
        return exceeds(t)
    scale = stats.chi(df, scale=df**-0.5)
    pieces = np.linspace(0, min(scale.isf(1e-18), 40 / t), 41)
    return sum(
        integrate.fixed_quad(lambda s: scale.pdf(s) * np.array([exceeds(t * x) for x in s]), a, b, n=12)[0]
        for a, b in zip(pieces, pieces[1:])
    )


def multivariate():
    cases = []
    half = 0.5**0.5
    for loadings, df, two_sided in [
        ([half] * 11, 22, True),
        ([half] * 11, 22, False),
        ([half], 4, True),
        ([half] * 3, 1, True),
        ([half] * 5, 8, False),
        ([half] * 40, 80, True),
        ([half] * 3000, 6000, True),
        ([half] * 20, None, True),
        ([0.0] * 6, 10, True),
        ([0.3, 0.5, 0.7, 0.9], 6, True),
        ([0.95] * 4, 12, True),
    ]:
        critical = optimize.brentq(
            lambda t: extreme(t, loadings, df, two_sided) - 0.05, 0.5, 80, xtol=1e-12, rtol=1e-12
        )
        cases.append(
            {
                "loadings": loadings if len(set(loadings)) > 1 else loadings[:1],
                "count": len(loadings),
                "df": df,
                "two_sided": two_sided,
                "critical": critical,
                "points": [1.0, 2.5, 5.0],
                "survival": [extreme(t, loadings, df, two_sided) for t in [1.0, 2.5, 5.0]],
            }
        )
    return cases


def ranges():
    cases = []
    for count, df in [(2, 5), (3, 2), (3, 10), (12, 22), (10, 1), (40, 117), (100, 500)]:
        points = [1.0, 3.5, 6.0]
        cases.append(
            {
                "count": count,
                "df": df,
                "points": points,
                "survival": [float(stats.studentized_range.sf(q, count, df)) for q in points],
                "critical": float(stats.studentized_range.ppf(0.95, count, df)),
            }
        )
    return cases


def spreads():
    generator = np.random.default_rng(3)
    cases = []
    for count, size, ratio in [(3, 3, 1), (5, 10, 3), (12, 5, 2)]:
        samples = [generator.normal(i, ratio if i == 0 else 1, size) for i in range(count)]
        f, p = stats.levene(*samples, center="median")
        cases.append({"samples": [list(s) for s in samples], "f": float(f), "p": float(p)})
    return cases


def chi_squares():
    cases = []
    for df in [1, 2, 4, 22, 99, 5000]:
        probabilities = [1e-6, 0.025, 0.1, 0.5, 0.9, 0.999]
        cases.append({"df": df, "probabilities": probabilities, "quantiles": list(stats.chi2.ppf(probabilities, df))})
    return cases


def factors():
    """The largest of normal variables with three common factors, by Gauss and Hermite's product rule."""
    cases = []
    nodes, weights = np.polynomial.hermite_e.hermegauss(40)
    # The first factor is the most important by far.
    first_nodes, first_weights = np.polynomial.hermite_e.hermegauss(120)
    z = np.array(np.meshgrid(first_nodes, nodes, nodes, indexing="ij")).reshape(3, -1).T
    w = np.einsum("i,j,k->ijk", first_weights, weights, weights).ravel() / (2 * np.pi) ** 1.5
    for count in [5, 30]:
        loadings = np.array(
            [[0.7, 0.2 * (-1) ** i * (i % 3 + 1) / 3, 0.1 * (i * 7 % 5 - 2)] for i in range(count)]
        )
        own = np.sqrt(1 - (loadings**2).sum(1))
        mean = z @ loadings.T
        survival = [
            float(w @ (1 - np.prod(1 - special.ndtr((mean - t) / own) - special.ndtr((-mean - t) / own), axis=1)))
            for t in [1.5, 2.5, 3.2]
        ]
        cases.append({"loadings": loadings.tolist(), "points": [1.5, 2.5, 3.2], "survival": survival})
    return cases


def broken_degrees():
    """Noncentral t of degrees of freedom that are no integers: the mean of a normal probability over the scale."""

    def probability(t, df, delta):
        # The substitution s = v^8 takes the broken power at 0 out of the integrand.
        end = np.sqrt(stats.chi2.isf(1e-18, df) / df) ** 0.125
        density = lambda s: 2 * df * s * stats.chi2.pdf(df * s * s, df)
        value = integrate.quad(
            lambda v: special.ndtr(t * v**8 - delta) * density(v**8) * 8 * v**7, 0, end, epsabs=1e-15, epsrel=1e-13,
            limit=400,
        )[0]
        assert abs(value - stats.nct.cdf(t, df, delta)) < 1e-11
        return value

    return [
        {"df": df, "t": t, "delta": delta, "p": probability(t, df, delta)}
        for df in [1.1, 1.5, 2.36, 3.52, 5.25, 7.9, 11.3]
        for t, delta in [(0.4, 0.0), (0.4, 1.5), (3.0, 2.0), (-1.2, 0.7)]
    ]


if __name__ == "__main__":
    value = {
        "multivariate": multivariate(),
        "ranges": ranges(),
        "spreads": spreads(),
        "chi_square": chi_squares(),
        "factors": factors(),
        "broken_degrees": broken_degrees(),
    }
    (FOLDER / "simultaneous.json").write_text(json.dumps(value, indent=1, allow_nan=False) + "\n")
