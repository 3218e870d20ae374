#!/usr/bin/env python3
"""Simulates how often intervals hold whose spread over seeds is moderated by all differences.

Usage: python3 simulate_moderation.py   (prints a table; needs numpy and scipy; some minutes)

Differences are normal about zero. Their variances over seeds, relative to what chance of the images makes of them, have logarithms with
the standard deviation "spread". Printed are the share of single 95 % intervals that hold zero, the share of repetitions in which at
least one of all misses it at Bonferroni's level, and the mean half width beside that by each difference's own spread.
"""

import numpy as np
from scipy import stats


def moderated(ratios, degrees):
    relative = (ratios.std(ddof=1) / ratios.mean()) ** 2 * (1 + np.sqrt((2 + 12 / degrees) / len(ratios)))
    excess = degrees * relative - 2
    if excess <= 0:
        return np.full(len(ratios), ratios.mean()), degrees * len(ratios)
    prior = (2 * degrees - 4 + 4 * degrees * relative) / excess
    return (prior * ratios.mean() + degrees * ratios) / (prior + degrees), min(prior + degrees, degrees * len(ratios))


def simulate(rng, seeds, count, spread, repetitions=1500):
    degrees, held, missed, wide, own = seeds - 1, 0.0, 0, 0.0, 0.0
    level = 0.05 / count
    for _ in range(repetitions):
        variances = np.exp(spread * rng.standard_normal(count))
        values = rng.standard_normal((count, seeds)) * np.sqrt(variances)[:, None]
        means, ratios = values.mean(1), values.var(1, ddof=1)
        found, freedom = moderated(ratios, degrees)
        errors = np.sqrt(found / seeds)
        simultaneous = stats.t.ppf(1 - level / 2, freedom) * errors
        held += np.mean(np.abs(means) <= stats.t.ppf(0.975, freedom) * errors)
        missed += (np.abs(means) > simultaneous).any()
        wide += simultaneous.mean()
        own += np.mean(stats.t.ppf(1 - level / 2, degrees) * np.sqrt(ratios / seeds))
    return held / repetitions, missed / repetitions, wide / repetitions, own / repetitions


if __name__ == "__main__":
    rng = np.random.default_rng(1)
    print("seeds  differences  spread  single  at least one  half width  by its own")
    for seeds in (3, 5, 10):
        for count in (5, 11, 23, 77):
            for spread in (0, 0.5, 1, 1.5):
                single, family, wide, own = simulate(rng, seeds, count, spread)
                print(f"{seeds:5}  {count:11}  {spread:6}  {single:6.3f}  {family:12.3f}  {wide:10.2f}  {own:10.2f}")
