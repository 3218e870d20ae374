#!/usr/bin/env python3
"""Writes two comparisons of two variants with the predicted classes of three seeds, and what NumPy and SciPy say of them:
one of few images that all seeds gain, one of many.

Usage: python3 make_images.py   (writes images.json beside itself; needs numpy, scipy and scikit-learn)
"""

import json
import pathlib

import numpy as np
from scipy import stats
from sklearn import metrics

FOLDER = pathlib.Path(__file__).parent
CLASSES, IMAGES, SEEDS = 4, 400, 3


def plain(item):
    if isinstance(item, dict):
        return {key: plain(entry) for key, entry in item.items()}
    if isinstance(item, (list, tuple, np.ndarray)):
        return [plain(entry) for entry in item]
    return item.item() if isinstance(item, np.generic) else item


def quantile(values, probability):
    """Of the sum of as many draws with replacement as there are values, by repeated convolution."""
    low = values.min()
    power, result, count = np.bincount(values - low) / len(values), np.array([1.0]), len(values)
    while count:
        if count & 1:
            result = np.convolve(result, power)
        power, count = np.convolve(power, power), count >> 1
    return low * len(values) + int(np.argmax(np.cumsum(result) >= probability))


def expected(labels, treatment, reference):
    right = (treatment == labels).astype(int) - (reference == labels).astype(int)
    net, of_seeds = right.sum(axis=0), right.mean(axis=1)
    test = stats.ttest_rel((treatment == labels).mean(axis=1), (reference == labels).mean(axis=1))
    over_seeds = test.confidence_interval(0.95)
    covariance = np.cov(right, ddof=1) / IMAGES
    common = max(0.0, (covariance.sum() - np.trace(covariance)) / (SEEDS * (SEEDS - 1)))
    residual = max(0.0, np.trace(covariance) / SEEDS - common)
    shares = np.array([max(0.0, of_seeds.var(ddof=1) - residual) / SEEDS, common, residual / SEEDS])
    ends = np.array([quantile(net, 0.025), quantile(net, 0.975)]) - net.sum()
    ends = ends / (SEEDS * IMAGES)
    half = (over_seeds.high - over_seeds.low) / 2
    distances = np.hypot(half, np.sqrt(common / (covariance.sum() / SEEDS**2)) * ends)
    signs = np.array([1.0])
    for size in np.abs(net[net != 0]):
        signs = np.convolve(signs, np.concatenate([[0.5], np.zeros(2 * size - 1), [0.5]]))
    place = np.abs(net).sum() + abs(net.sum())
    f1 = [
        [metrics.f1_score(labels, run, average="macro") for run in runs]
        for runs in (treatment, reference)
    ]
    return {
        "difference": of_seeds.mean(),
        "over_seeds": [over_seeds.low, over_seeds.high],
        "over_both": [of_seeds.mean() - distances[0], of_seeds.mean() + distances[1]],
        "over_images": list(of_seeds.mean() + ends),
        "gained": (right > 0).sum(axis=1),
        "lost": (right < 0).sum(axis=1),
        "exact_p": min(1.0, 2 * signs[place:].sum()),
        "mid_p": min(1.0, 2 * signs[place:].sum() - signs[place]),
        "shares": shares / shares.sum(),
        "f1": f1,
    }


def main():
    rng = np.random.default_rng(5)
    labels = np.sort(rng.integers(0, CLASSES, size=IMAGES))
    wrong = (labels + rng.integers(1, CLASSES, size=IMAGES)) % CLASSES
    hard = rng.normal(size=IMAGES)
    noise = 0.4 * rng.normal(size=(SEEDS, IMAGES))
    reference = np.where(hard + noise < 0.8, labels, wrong)
    few = reference.copy()
    missed = np.flatnonzero((reference != labels).all(axis=0))
    few[:, missed[:2]] = labels[missed[:2]]
    few[0, missed[2]] = labels[missed[2]]
    many = np.where(hard + 0.4 * rng.normal(size=(SEEDS, IMAGES)) < 1.6, labels, wrong)
    cases = {"few": few, "many": many}
    value = {
        "labels": labels,
        "baseline": reference,
        "cases": {name: {"classes": runs, **expected(labels, runs, reference)} for name, runs in cases.items()},
    }
    (FOLDER / "images.json").write_text(json.dumps(plain(value), allow_nan=False) + "\n")


if __name__ == "__main__":
    main()
