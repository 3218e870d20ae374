#!/usr/bin/env python3
"""Writes metrics.json: metrics of classifiers as scikit-learn computes them.

Classes without images are left out of the area under the curve and of the balanced accuracy, of which scikit-learn says
nothing or leaves them out, too. The Brier score is the sum over all classes (`scale_by_half=False`).

Usage: python3 make_metrics.py   (writes its JSON file beside itself; needs numpy, scipy and scikit-learn)
"""

import json
import pathlib
import warnings

import numpy as np
from scipy import special
from sklearn import metrics

warnings.simplefilter("ignore")


def optional(value):
    """A number for JSON, null where the metric is undefined."""
    return None if np.isnan(value) else float(value)


def area(labels, probabilities, classes):
    """The mean of the areas of the classes that some images have and some have not."""
    areas = [metrics.roc_auc_score(labels == index, probabilities[:, index])
             for index in range(classes) if 0 < (labels == index).sum() < len(labels)]
    return np.mean(areas) if areas else np.nan


def calibration_error(labels, probabilities):
    """The mean distance of confidence and accuracy over 15 ranges of confidence, open below, in plain NumPy."""
    confidence, correct = probabilities.max(axis=1), probabilities.argmax(axis=1) == labels
    edges = np.linspace(0, 1, 16)
    inside = [(confidence > low) & (confidence <= high) for low, high in zip(edges[:-1], edges[1:])]
    return sum(abs(correct[some].sum() - confidence[some].sum()) for some in inside) / len(labels)


def averages(labels, predictions, average):
    """Precision, recall and F1 of the classes that are among labels or predictions."""
    values = metrics.precision_recall_fscore_support(labels, predictions, average=average, zero_division=0)
    return {f"{average}_{name}": float(value) for name, value in zip(("precision", "recall", "f1"), values)}


def case(logits, labels):
    """The metrics of logits and labels."""
    classes = logits.shape[1]
    probabilities = special.softmax(logits.astype(np.float64), axis=1)
    predictions = logits.argmax(axis=1)
    every = range(classes)
    recalls = metrics.recall_score(labels, predictions, labels=sorted(set(labels)), average=None, zero_division=0)
    result = {
        "classes": classes, "logits": [round(float(logit), 3) for logit in logits.ravel()], "labels": labels.tolist(),
        "accuracy": metrics.accuracy_score(labels, predictions),
        "balanced_accuracy": metrics.balanced_accuracy_score(labels, predictions),
        "cohen_kappa": optional(metrics.cohen_kappa_score(labels, predictions, labels=every)),
        "worst_recall": float(recalls.min()),
        "log_loss": metrics.log_loss(labels, probabilities, labels=every),
        "brier_score": metrics.brier_score_loss(labels, probabilities if classes > 2 else probabilities[:, 1], **(
            {"labels": every} if classes > 2 else {"pos_label": 1}), scale_by_half=False),
        "auroc": optional(area(labels, probabilities, classes)),
        "ece": calibration_error(labels, probabilities),
    }
    for k in (2, 3, 5, 7):
        if classes > max(k, 2):
            result[f"top{k}_accuracy"] = metrics.top_k_accuracy_score(labels, probabilities, k=k, labels=every)
    return result | averages(labels, predictions, "macro") | averages(labels, predictions, "weighted")


def main():
    """Writes the file."""
    rng = np.random.default_rng(2025)
    cases = []
    for classes, present, count, sharpness in ((2, 2, 50, 1.0), (5, 5, 60, 2.0), (10, 7, 200, 1.0), (43, 30, 300, 3.0)):
        labels = rng.integers(0, present, count)
        logits = rng.normal(0, 1.5, (count, classes)).astype(np.float32)
        logits[np.arange(count), labels] += np.float32(sharpness)
        logits = np.round(logits.astype(np.float64), 3).astype(np.float32)
        cases.append(case(logits, labels))
    # Every image of one class, and predicted as it: nothing can be told of chance or of order.
    cases.append(case(np.tile(np.float32([0.25, 3, 1]), (12, 1)), np.ones(12, int)))
    # Steps of 2 make many scores equal.
    ties = rng.integers(0, 3, (80, 2)).astype(np.float32) * 2
    cases.append(case(ties, rng.integers(0, 2, 80)))
    text = json.dumps(cases, allow_nan=False)
    (pathlib.Path(__file__).parent / "metrics.json").write_text(text + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
