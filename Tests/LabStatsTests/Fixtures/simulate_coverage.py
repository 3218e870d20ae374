#!/usr/bin/env python3
"""Simulates how often intervals for comparisons with a baseline hold the truth, by several ways to take their width.

Usage: python3 simulate_coverage.py [--experiments 20000] [--treatments 12] [--seeds 3 5 10]

Prints a table for each number of seeds: a row an error, a column a method. Of each: the coverage of 95 % intervals, in
brackets that of the treatment that fares worst, the familywise error of the simultaneous ones, all in percent; and the
mean width of those, in units of that of the common residual. Needs numpy and scipy.

Methods: `common`, one residual for all; `pairs`, each comparison by its own pairs with Bonferroni's intervals; `pre-test`, the
common residual unless a test at 1 % finds unequal spreads, and pairs then; `prior 2`, variances of their own with a prior of 2
degrees of freedom throughout; `moderated`, what labrun does (TreatmentVariances).
"""

import argparse

import numpy as np
from scipy import special, stats

THRESHOLD, REFERENCE_THRESHOLD, EXCLUSION, SUSPICION, LEVEL = 0.1, 0.2, 0.001, 0.5, 0.95

ERRORS = {
    "normal": lambda rng, shape: rng.standard_normal(shape),
    "exponential": lambda rng, shape: rng.exponential(size=shape) - 1,
    "t with 5 degrees": lambda rng, shape: rng.standard_t(5, size=shape),
    "normal, deviations 1 to 2": lambda rng, shape: rng.standard_normal(shape) * ramp(shape, 2),
    "normal, deviations 1 to 3": lambda rng, shape: rng.standard_normal(shape) * ramp(shape, 3),
    "normal, one variant × 3": lambda rng, shape: rng.standard_normal(shape) * noisy(shape, [-1], 3),
    "normal, one variant × 10": lambda rng, shape: rng.standard_normal(shape) * noisy(shape, [-1], 10),
    "normal, two variants × 3": lambda rng, shape: rng.standard_normal(shape) * noisy(shape, [-2, -1], 3),
    "normal, three variants × 30": lambda rng, shape: rng.standard_normal(shape) * noisy(shape, [-3, -2, -1], 30),
    "normal, two variants × 30 alike": lambda rng, shape: alike(rng, shape, 30),
    "normal, half × 3": lambda rng, shape: rng.standard_normal(shape) * noisy(shape, range(shape[1] // 2, shape[1]), 3),
    "normal, baseline × 3": lambda rng, shape: rng.standard_normal(shape) * noisy(shape, [0], 3),
}


def ramp(shape, last):
    return np.linspace(1, last, shape[1])[None, :, None]


def noisy(shape, treatments, factor):
    deviations = np.ones((1, shape[1], 1))
    deviations[0, list(treatments)] = factor
    return deviations


def alike(rng, shape, factor):
    """The last two treatments fail in the same blocks, by about as much."""
    values = rng.standard_normal(shape)
    values[:, -2:] += factor * rng.standard_normal((shape[0], 1, shape[2]))
    return values


class Dunnett:
    """Critical values of `count` statistics with a correlation of one half, by the degrees of freedom."""

    def __init__(self, count):
        z, step = np.linspace(-8.5, 8.5, 851, retstep=True)
        weights = stats.norm.pdf(z) * step
        cuts = np.linspace(0, 9, 451)
        root = np.sqrt(0.5)
        inside = special.ndtr((root * z + cuts[:, None]) / root) - special.ndtr((root * z - cuts[:, None]) / root)
        normal = inside**count @ weights
        self.reciprocals = np.linspace(1e-3, 1, 200)
        self.values = np.array([self.solve(1 / x, cuts, normal) for x in self.reciprocals])

    @staticmethod
    def solve(df, cuts, normal):
        scales = np.sqrt(stats.chi2.ppf((np.arange(4000) + 0.5) / 4000, df) / df)
        low, high = 1.0, 1000.0
        for _ in range(50):
            middle = np.sqrt(low * high)
            covered = np.interp(middle * scales, cuts, normal, right=1).mean()
            low, high = (low, middle) if covered > LEVEL else (middle, high)
        return np.log(high)

    def __call__(self, df):
        return np.exp(np.interp(1 / df, self.reciprocals, self.values))


def residuals(values):
    return (
        values - values.mean(2, keepdims=True) - values.mean(1, keepdims=True) + values.mean((1, 2))[:, None, None]
    )


def spreads(values, left_out):
    """Mean squares of each treatment's runs and of the others' that are not left out, and the latter's degrees of freedom."""
    count, treatments, seeds = values.shape
    own, others, degrees = (np.empty((count, treatments)) for _ in range(3))
    keys = left_out @ (1 << np.arange(treatments))
    for key in np.unique(keys):
        chosen = np.flatnonzero(keys == key)
        out = left_out[chosen[0]]
        kept = np.flatnonzero(~out)
        n = len(kept)
        part = values[np.ix_(chosen, kept)]
        mean_squares = (residuals(part) ** 2).sum(2) * n / (n - 1) / (seeds - 1)
        common = mean_squares.mean(1, keepdims=True)
        own[np.ix_(chosen, kept)] = mean_squares
        others[np.ix_(chosen, kept)] = ((n - 1) * common - mean_squares) / (n - 2)
        degrees[np.ix_(chosen, kept)] = (n - 2) * (seeds - 1)
        for treatment in np.flatnonzero(out):
            distance = values[chosen, treatment] - part.mean(1)
            own[chosen, treatment] = distance.var(1, ddof=1) * n / (n + 1)
            others[chosen, treatment], degrees[chosen, treatment] = common[:, 0], (n - 1) * (seeds - 1)
    return own, others, degrees


def wild(values):
    """The treatments that are no part of the common residual: all up to the last one that varies beyond doubt.

    Noisy treatments hide each other, so that the search goes on beyond one that is only suspected (Rosner, Technometrics 25,
    1983).
    """
    count, treatments, seeds = values.shape
    left_out, certain = np.zeros((count, treatments), bool), np.zeros((count, treatments), bool)
    active = np.arange(count)
    for _ in range(treatments // 2):
        own, others, degrees = spreads(values[active], left_out[active])
        p = special.fdtrc(seeds - 1, degrees, own / others)
        p[left_out[active]] = 2
        noisiest, size = p.argmin(1), (~left_out[active]).sum(1)
        level = p[np.arange(len(active)), noisiest] * size
        found = (level < SUSPICION) & (size > 3)
        left_out[active[found], noisiest[found]] = True
        clear = found & (level < EXCLUSION)
        certain[active[clear]] = left_out[active[clear]]
        active = active[found]
        if not len(active):
            break
    return certain


def judged(variances, degrees, most, seeds):
    """Standard errors of the comparisons, and their degrees of freedom by Satterthwaite."""
    a, b = variances[:, 1:], variances[:, :1]
    df = (a + b) ** 2 / (a**2 / degrees[:, 1:] + b**2 / degrees[:, :1])
    return np.sqrt((a + b) / seeds), np.minimum(df, most)


def moderated(values):
    count, treatments, seeds = values.shape
    left_out = wild(values)
    own, others, degrees = spreads(values, left_out)
    p = special.fdtrc(seeds - 1, degrees, own / others)
    thresholds = np.where(np.arange(treatments) == 0, REFERENCE_THRESHOLD, THRESHOLD)
    weights = np.where(left_out, 0, np.minimum(1, p / thresholds) ** 4)
    df = seeds - 1 + weights * degrees
    variances = ((seeds - 1) * own + weights * degrees * others) / df
    most = ((~left_out).sum(1, keepdims=True) - 1) * (seeds - 1)
    return judged(variances, df, most, seeds)


def prior(values, degrees):
    own = (residuals(values) ** 2).sum(2) * values.shape[1] / (values.shape[1] - 1) / (values.shape[2] - 1)
    common, df = own.mean(1, keepdims=True), degrees + values.shape[2] - 1
    variances = (degrees * common + (values.shape[2] - 1) * own) / df
    most = (values.shape[1] - 1) * (values.shape[2] - 1)
    return judged(variances, np.full(own.shape, float(df)), most, values.shape[2])


def rejects_pooling(values):
    count, treatments, seeds = values.shape
    own, others, degrees = spreads(values, np.zeros((count, treatments), bool))
    p = special.fdtrc(seeds - 1, degrees, own / others)
    rest = residuals(values)
    distances = np.abs(rest - np.median(rest, axis=2, keepdims=True))
    means = distances.mean(2)
    between = seeds * means.var(1, ddof=1)
    within = ((distances - means[:, :, None]) ** 2).sum((1, 2)) / (treatments * (seeds - 1))
    spread = stats.f.sf(between / within, treatments - 1, treatments * (seeds - 1))
    return (p[:, 0] < 0.01) | (p.min(1) * treatments < 0.01) | (spread < 0.01)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--experiments", type=int, default=20_000)
    parser.add_argument("--treatments", type=int, default=12)
    parser.add_argument("--seeds", type=int, nargs="+", default=[3, 5, 10])
    arguments = parser.parse_args()
    count = arguments.treatments - 1
    dunnett = Dunnett(count)
    for seeds in arguments.seeds:
        degrees = count * (seeds - 1)
        bonferroni = stats.t.ppf(1 - (1 - LEVEL) / 2 / count, seeds - 1)
        print(f"{arguments.treatments} treatments, {seeds} seeds, {arguments.experiments} experiments")
        for name, draw in ERRORS.items():
            rng = np.random.default_rng([seeds, arguments.treatments, *name.encode()])
            values = draw(rng, (arguments.experiments, arguments.treatments, seeds))
            differences = np.abs(values[:, 1:].mean(2) - values[:, :1].mean(2))
            common = np.sqrt(2 * (residuals(values) ** 2).sum((1, 2)) / degrees / seeds)[:, None]
            paired = (values[:, 1:] - values[:, :1]).std(2, ddof=1) / np.sqrt(seeds)
            full = np.full(differences.shape, float(degrees))
            rejected = rejects_pooling(values)[:, None]
            pairs = paired, full * 0 + seeds - 1, full * 0 + bonferroni
            one = common + 0 * full, full, dunnett(full)
            methods = {"common": one, "pairs": pairs}
            methods["pre-test"] = tuple(np.where(rejected, a, b) for a, b in zip(pairs, one))
            for title, (error, df) in {"prior 2": prior(values, 2), "moderated": moderated(values)}.items():
                methods[title] = error, df, dunnett(df)
            width = (one[0] * one[2]).mean()
            texts = []
            for title, (error, df, critical) in methods.items():
                held = differences <= error * stats.t.ppf(1 - (1 - LEVEL) / 2, df)
                wrong = (differences > error * critical).any(1)
                relative = error * critical / (one[0] * one[2])
                same = f" same {100 * np.mean(relative < 1.001):.0f}" if title == "moderated" else ""
                texts.append(
                    f"{title} {100 * held.mean():.1f} [{100 * held.mean(0).min():.1f}], {100 * wrong.mean():.1f},"
                    f" × {(error * critical).mean() / width:.2f}{same}"
                )
            print(f"| {name} | " + " | ".join(texts) + " |", flush=True)


if __name__ == "__main__":
    main()
