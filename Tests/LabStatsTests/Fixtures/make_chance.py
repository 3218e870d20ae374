#!/usr/bin/env python3
"""Writes the reference values of the tests of chance (resampled images, classes, calibration, curves, several data sets):
SciPy, statsmodels and scikit-learn where they have the function, plain NumPy elsewhere.

Usage: python3 make_chance.py   (writes chance.json beside itself; needs numpy, scipy, scikit-learn and statsmodels)
"""

import json
import pathlib

import numpy as np
from scipy import stats
from sklearn import metrics
from statsmodels.stats import contingency_tables, proportion

FOLDER = pathlib.Path(__file__).parent


def plain(item):
    if isinstance(item, dict):
        return {key: plain(entry) for key, entry in item.items()}
    if isinstance(item, (list, tuple, np.ndarray)):
        return [plain(entry) for entry in item]
    if isinstance(item, np.integer):
        return int(item)
    if isinstance(item, np.floating):
        return float(item)
    return item


def crossed(rng):
    """Scores of seeds and images with all three components, and their analysis of variance."""
    cases = []
    for seeds, images, parts in ((3, 40, (0.5, 0.4, 1.0)), (5, 12, (0.01, 1.0, 0.3)), (2, 7, (0.0, 0.0, 1.0))):
        scores = (
            0.2
            + parts[0] * rng.normal(size=(seeds, 1))
            + parts[1] * rng.normal(size=(1, images))
            + parts[2] * rng.normal(size=(seeds, images))
        )
        mean = scores.mean()
        of_seeds, of_images = scores.mean(axis=1, keepdims=True), scores.mean(axis=0, keepdims=True)
        seed_square = images * ((of_seeds - mean) ** 2).sum() / (seeds - 1)
        image_square = seeds * ((of_images - mean) ** 2).sum() / (images - 1)
        residual = ((scores - of_seeds - of_images + mean) ** 2).sum() / ((seeds - 1) * (images - 1))
        cases.append(
            {
                "scores": scores,
                "estimate": mean,
                "components": [
                    max(0, (seed_square - residual) / images),
                    max(0, (image_square - residual) / seeds),
                    residual,
                ],
                "image_error": np.sqrt((of_images - mean).var(ddof=1) / images),
                "seed_interval": stats.ttest_1samp(of_seeds.ravel(), 0).confidence_interval(0.9),
            }
        )
    return cases


def predicted(rng, labels, classes, accuracy):
    wrong = rng.integers(0, classes, size=labels.shape)
    return np.where(rng.random(labels.shape) < accuracy, labels, wrong)


def macro_f1(labels, predictions):
    return metrics.f1_score(labels, predictions, average="macro", zero_division=0)


def runs(rng):
    """Two variants, three seeds, 60 images of 4 classes, with a bootstrap of the mean difference."""
    classes, images = 4, 60
    labels = np.sort(rng.integers(0, classes, size=images))
    treatment = [predicted(rng, labels, classes, 0.8) for _ in range(3)]
    reference = [predicted(rng, labels, classes, 0.65) for _ in range(3)]

    def quick(chosen, run):
        truth, guess = labels[chosen], run[chosen]
        correct = np.bincount(truth[truth == guess], minlength=classes)
        total = np.bincount(truth, minlength=classes) + np.bincount(guess, minlength=classes)
        return np.mean(2 * correct[total > 0] / total[total > 0])

    def differences(chosen, score=quick):
        return [score(chosen, a) - score(chosen, b) for a, b in zip(treatment, reference)]

    def exact(chosen, run):
        return macro_f1(labels[chosen], run[chosen])

    resampled = np.array([np.mean(differences(rng.integers(0, images, size=images))) for _ in range(20_000)])
    return {
        "labels": labels,
        "treatment": treatment,
        "reference": reference,
        "accuracy": [np.mean(a == labels) - np.mean(b == labels) for a, b in zip(treatment, reference)],
        "macro_f1": differences(np.arange(images), exact),
        "macro_f1_error": resampled.std(ddof=1) * np.sqrt(images / (images - 1)),
        "macro_f1_quantiles": np.quantile(resampled - resampled.mean(), [0.025, 0.975]),
    }


def mcnemar(rng):
    single = []
    for gained, lost in ((0, 0), (1, 0), (3, 3), (10, 2), (4, 17), (120, 90), (1000, 1100), (400, 200)):
        exact = contingency_tables.mcnemar([[5, gained], [lost, 5]], exact=True).pvalue if gained + lost else 1.0
        point = stats.binom.pmf(gained, gained + lost, 0.5)
        mid = exact - point if gained != lost else 1 - point / 2
        single.append([gained, lost, exact, mid])
    combined = []
    for seeds, images, shift in ((2, 10, 0.0), (3, 12, 0.2), (3, 14, 0.5)):
        differences = rng.choice([-1, 0, 1], p=[0.3 - shift / 2, 0.4, 0.3 + shift / 2], size=(seeds, images))
        net = differences.sum(axis=0)
        signs = 2 * ((np.arange(2**images)[:, None] >> np.arange(images)) & 1) - 1
        sums = signs @ np.abs(net)
        total = net.sum()
        at_least, exactly = np.mean(sums >= abs(total)), np.mean(sums == total)
        combined.append(
            {
                "differences": differences,
                "net": total,
                "exact": 1.0 if total == 0 else min(1.0, 2 * at_least),
                "mid": 1 - exactly / 2 if total == 0 else min(1.0, 2 * at_least - exactly),
            }
        )
    return {"single": single, "combined": combined}


def main():
    rng = np.random.default_rng(16)
    value = {"crossed": crossed(rng), "runs": runs(rng), "mcnemar": mcnemar(rng)}
    (FOLDER / "chance.json").write_text(json.dumps(plain(value), allow_nan=False) + "\n")


if __name__ == "__main__":
    main()
