#!/usr/bin/env python3
"""Writes lesions.json: predictions with and without three lesions, and what SciPy and statsmodels say of them.

Usage: python3 make_lesions.py   (writes lesions.json beside itself; needs numpy, scipy, scikit-learn and statsmodels)
"""

import json
import pathlib

import numpy as np
from scipy.stats import binom
from sklearn.metrics import f1_score
from statsmodels.stats.multitest import multipletests

rng = np.random.default_rng(11)
classes, images, models = 4, 240, 3
labels = rng.integers(0, classes, images)


def predict(wrong):
    away = (labels + rng.integers(1, classes, images)) % classes
    return np.where(rng.random(images) < wrong, away, labels)


def lesion(run, changed):
    return np.where(rng.random(images) < changed, rng.integers(0, classes, images), run)


def mid_p(gained, lost):
    n, k = gained + lost, min(gained, lost)
    if gained == lost:
        return 1 - binom.pmf(k, n, 0.5) / 2 if n else 1.0
    return 2 * binom.cdf(k, n, 0.5) - binom.pmf(k, n, 0.5)


intact = [predict(0.2) for _ in range(models)]
lesions = [[lesion(run, share) for run in intact] for share in (0.02, 0.1, 0.3)]


def counts(before, after, chosen):
    right, still = (before == labels)[chosen], (after == labels)[chosen]
    return int((still & ~right).sum()), int((right & ~still).sum())


every = np.ones(images, bool)
one = [counts(intact[0], runs[0], every) for runs in lesions]
raw = [mid_p(*entry) for entry in one]
recalls, recall_p = [], []
for runs in lesions:
    members = [labels == index for index in range(classes)]
    recalls.append([float((runs[0] == labels)[m].mean() - (intact[0] == labels)[m].mean()) for m in members])
    p = [mid_p(*counts(intact[0], runs[0], m)) for m in members]
    recall_p.append(np.minimum(1, len(lesions) * multipletests(p, method="holm")[1]).tolist())

# The spread over seeds, moderated by all lesions: Smyth's empirical Bayes, on variances relative to what chance of the images
# makes of them, with the spread of these at the upper end of its own error.
gains = [[(after == labels) * 1.0 - (before == labels) for before, after in zip(intact, runs)] for runs in lesions]
seed_variances = np.array([np.var([seed.mean() for seed in runs], ddof=1) for runs in gains])
scales = np.array([np.mean([seed.var(ddof=1) / images for seed in runs]) for runs in gains])
degrees = models - 1
ratios = seed_variances / scales
relative = (ratios.std(ddof=1) / ratios.mean()) ** 2 * (1 + np.sqrt((2 + 12 / degrees) / len(ratios)))
excess = degrees * relative - 2
prior = (2 * degrees - 4 + 4 * degrees * relative) / excess if excess > 0 else np.inf
moderated = (
    (prior * ratios.mean() + degrees * ratios) / (prior + degrees) if excess > 0 else np.full(len(ratios), ratios.mean())
)

result = {
    "labels": labels.tolist(),
    "intact": [run.tolist() for run in intact],
    "lesions": [[run.tolist() for run in runs] for runs in lesions],
    "gained": [entry[0] for entry in one],
    "lost": [entry[1] for entry in one],
    "mid_p": raw,
    "holm": multipletests(raw, method="holm")[1].tolist(),
    "accuracy_differences": [
        [float((after == labels).mean() - (before == labels).mean()) for before, after in zip(intact, runs)]
        for runs in lesions
    ],
    "f1_differences": [
        [
            float(f1_score(labels, after, average="macro") - f1_score(labels, before, average="macro"))
            for before, after in zip(intact, runs)
        ]
        for runs in lesions
    ],
    "seed_errors": np.sqrt(moderated * scales / models).tolist(),
    "seed_degrees": float(min(prior + degrees, degrees * len(ratios))),
    "recall_differences": recalls,
    "recall_p": recall_p,
}
pathlib.Path(__file__).with_name("lesions.json").write_text(json.dumps(result) + "\n")
