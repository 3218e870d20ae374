"""Simulates what stopping at narrow intervals costs in coverage: the tables of SequentialPrecision+Coverage.swift.

Needs numpy and scipy. Errors are normal with deviation 1, all variants equal, and the rule is that of SequentialPrecision
with at least 5 and at most 80 seeds. Prints the variants, the precision in deviations, the percentage of experiments in which
all intervals cover, and the mean number of seeds; first for Dunnett's intervals, then for pairs with Bonferroni's.
"""

import math

import numpy as np
from numpy.polynomial.hermite_e import hermegauss
from scipy import optimize, stats

NODES, WEIGHTS = hermegauss(80)
WEIGHTS = WEIGHTS / WEIGHTS.sum()
LEAST, MOST, CHUNK = 5, 80, 2000


def dunnett(count, degrees, level=0.95):
    """The critical value of `count` comparisons with one baseline, in complete blocks."""
    if count == 1:
        return stats.t.ppf((1 + level) / 2, degrees)
    u, w = np.polynomial.legendre.leggauss(120)
    low, high = np.sqrt(stats.chi2.ppf([1e-10, 1 - 1e-10], degrees) / degrees)
    s = (high - low) / 2 * u + (high + low) / 2
    density = stats.chi2.pdf(s * s * degrees, degrees) * 2 * s * degrees * w * (high - low) / 2

    def coverage(c):
        shift = c * math.sqrt(2) * s[:, None]
        inside = (stats.norm.cdf(NODES + shift) - stats.norm.cdf(NODES - shift)) ** count
        return float((density * (inside @ WEIGHTS)).sum())

    return optimize.brentq(lambda c: coverage(c) - level, 1, 12)


def step(widest, count, half_width):
    """How many seeds are added."""
    if widest <= half_width or count >= MOST:
        return 0
    ratio = widest / half_width
    wanted = max(count + 1, count + math.ceil((min(MOST, count * ratio * ratio) - count) / 2))
    return min(wanted, MOST) - count


def blocked(variants, half_width, experiments=20_000, seed=1):
    random = np.random.default_rng(seed)
    known = [n for n in range(LEAST, MOST + 1) if n <= 30 or n % 5 == 0 or variants == 2]
    critical = np.interp(
        np.arange(MOST + 1), known, [dunnett(variants - 1, (variants - 1) * (n - 1)) for n in known])
    covered = seeds = 0
    for _ in range(experiments // CHUNK):
        x = random.standard_normal((CHUNK, MOST, variants))
        y = x - x.mean(2, keepdims=True)
        squares, sums, totals = np.cumsum((y**2).sum(2), 1), np.cumsum(y, 1), np.cumsum(x, 1)
        for b in range(CHUNK):
            n = LEAST
            while True:
                variance = (squares[b, n - 1] - (sums[b, n - 1] ** 2).sum() / n) / ((variants - 1) * (n - 1))
                width = critical[n] * math.sqrt(2 * variance / n)
                added = step(width, n, half_width)
                if added == 0:
                    break
                n += added
            means = totals[b, n - 1] / n
            covered += (np.abs(means[1:] - means[0]) <= width).all()
            seeds += n
    return 100 * covered / experiments, seeds / experiments


def paired(variants, half_width, experiments=10_000, seed=2):
    random = np.random.default_rng(seed)
    quantiles = [0.0] * LEAST + [stats.t.ppf(1 - 0.025 / (variants - 1), n - 1) for n in range(LEAST, MOST + 1)]
    covered = seeds = 0
    for _ in range(experiments // CHUNK):
        x = random.standard_normal((CHUNK, MOST, variants))
        d = x[:, :, 1:] - x[:, :, :1]
        sums, squares = np.cumsum(d, 1), np.cumsum(d * d, 1)
        for b in range(CHUNK):
            n = LEAST
            while True:
                means = sums[b, n - 1] / n
                deviations = np.sqrt((squares[b, n - 1] - n * means**2) / (n - 1))
                widths = quantiles[n] * deviations / math.sqrt(n)
                added = step(widths.max(), n, half_width)
                if added == 0:
                    break
                n += added
            covered += (np.abs(means) <= widths).all()
            seeds += n
    return 100 * covered / experiments, seeds / experiments


for method, precisions in ((blocked, (1.5, 1.0, 0.7)), (paired, (2.5, 1.5, 1.0))):
    for variants in (2, 3, 4, 6, 12):
        for half_width in precisions:
            coverage, mean_seeds = method(variants, half_width)
            print(f"{method.__name__} {variants} {half_width} {coverage:.1f} {mean_seeds:.1f}", flush=True)
