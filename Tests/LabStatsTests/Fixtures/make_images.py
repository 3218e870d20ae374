#!/usr/bin/env python3
"""Writes the reference values of the tests of gained and lost images: distributions of resampled sums by repeated
convolution, intervals over seeds and images, McNemar's test of clustered images, calibration errors of several runs.

Usage: python3 make_images.py   (writes images.json beside itself; needs what make_chance.py needs)
"""

import json

import numpy as np
from scipy import optimize, stats

from make_chance import FOLDER, gaps, plain, printed_moments


def resampled_sum(values):
    """The probabilities of the sum of as many draws as there are values, from its least one on."""
    low, high = min(values), max(values)
    one = np.bincount(np.asarray(values) - low, minlength=high - low + 1) / len(values)
    power, result, count = one, np.array([1.0]), len(values)
    while count:
        if count & 1:
            result = np.convolve(result, power)
        power, count = np.convolve(power, power), count >> 1
    return low * len(values), result


def quantile(values, probability):
    first, probabilities = resampled_sum(values)
    return first + int(np.argmax(np.cumsum(probabilities) >= probability))


def gains(rng):
    cases = []
    for seeds, images, ease, error in ((3, 400, 0.06, None), (5, 120, 0.3, (0.02, 22.0)), (2, 60, 0.02, (0.01, 4.0)), (3, 300, 0.0, (0.004, 30.0))):
        hard = rng.normal(size=images)
        reference = hard + 0.5 * rng.normal(size=(seeds, images)) < 0.8
        treatment = hard + 0.5 * rng.normal(size=(seeds, images)) < 0.8 + ease
        if ease == 0.0:
            # The same few images are gained whatever the seed.
            treatment = reference | (np.arange(images) < 4)
        difference = treatment.astype(int) - reference.astype(int)
        net, of_seeds = difference.sum(axis=0), difference.mean(axis=1)
        mean = of_seeds.mean()
        covariance = np.cov(difference, ddof=1) / images
        own = np.trace(covariance) / seeds
        common = (covariance.sum() - np.trace(covariance)) / (seeds * (seeds - 1))
        of_mean = covariance.sum() / seeds**2
        standard_error, degrees = error or (of_seeds.std(ddof=1) / np.sqrt(seeds), seeds - 1.0)
        residual = max(0.0, own - common)
        parts = np.array([max(0.0, standard_error**2 - residual / seeds), max(0.0, common), residual / seeds])
        intervals = []
        for critical in (stats.t.ppf(0.975, degrees), 2.989, 4.5):
            tail = stats.t.sf(critical, degrees)
            ends = np.array([quantile(net, tail), quantile(net, 1 - tail)]) - net.sum()
            ends = ends / (seeds * images)
            scale = np.sqrt(max(0.0, common) / of_mean)
            distances = np.hypot(critical * standard_error, scale * ends)
            intervals.append([critical, mean - distances[0], mean + distances[1], mean + ends[0], mean + ends[1]])
        sizes = np.abs(net[net != 0])
        signs = np.array([1.0])
        for size in sizes:
            step = np.zeros(2 * size + 1)
            step[[0, -1]] = 0.5
            signs = np.convolve(signs, step)
        total = net.sum()
        place = sizes.sum() + abs(total)
        exact = min(1.0, 2 * signs[place:].sum()) if total else 1.0
        cases.append(
            {
                "treatment": treatment.astype(int),
                "reference": reference.astype(int),
                "error": error,
                "estimate": mean,
                "image_error": np.sqrt(of_mean),
                "shares": parts / parts.sum(),
                "intervals": intervals,
                "gained": (difference > 0).sum(axis=1),
                "lost": (difference < 0).sum(axis=1),
                "exact": exact,
                "mid": exact - signs[place] if total else 1 - signs[place] / 2,
            }
        )
    return cases


def calibration_of_runs(rng):
    """Three runs on the same images; their moments are averaged."""
    images = 500
    base = rng.beta(2, 1.2, size=images)
    luck = rng.random(images)
    runs = []
    for _ in range(3):
        confidences = np.round(0.3 + 0.69 * np.clip(base + 0.03 * rng.normal(size=images), 0, 1), 9)
        correct = (luck < confidences - 0.25 * confidences * (1 - confidences)).astype(float)
        runs.append((confidences, correct))
    rows = [gaps(confidences, correct, "width") for confidences, correct in runs]
    observed = np.mean([sum(n * abs(c - a) for n, c, a in run) / images for run in rows])

    def moments(scale):
        return np.mean([printed_moments(run, scale) for run in rows], axis=0)

    ends = []
    for z in (0.0, stats.norm.ppf(0.975), -stats.norm.ppf(0.975)):

        def excess(scale, z=z):
            mean, deviation, _ = moments(scale)
            return mean + z * deviation - observed

        scale = 0.0 if excess(0.0) >= 0 else optimize.brentq(excess, 0.0, 8.0, xtol=1e-14)
        ends.append(moments(scale)[2])
    return {
        "confidences": [run[0] for run in runs],
        "correct": [run[1] for run in runs],
        "observed": observed,
        "chance": moments(0.0)[0],
        "corrected": ends[0],
        "interval": ends[1:],
    }


def main():
    rng = np.random.default_rng(29)
    value = {"gains": gains(rng), "calibration": calibration_of_runs(rng)}
    (FOLDER / "images.json").write_text(json.dumps(plain(value), allow_nan=False) + "\n")


if __name__ == "__main__":
    main()
