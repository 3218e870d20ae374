"""The metrics of a classification that labrun stores of every evaluation."""

from __future__ import annotations

import torch
from torch import Tensor

CALIBRATION_BINS = 15


def confusion_of(logits: Tensor, labels: Tensor) -> Tensor:
    """Returns how often each class (row) was taken for each (column)."""
    classes = logits.shape[1]
    return torch.bincount(labels * classes + logits.argmax(1), minlength=classes * classes).view(classes, classes)


def metrics_of(logits: Tensor, labels: Tensor) -> dict[str, float]:
    """Returns accuracies, macro means and the expected calibration error."""
    confusion = confusion_of(logits, labels).double()
    hits = confusion.diag()
    precision = hits / confusion.sum(0).clamp(min=1)
    recall = hits / confusion.sum(1).clamp(min=1)
    f1 = 2 * hits / (confusion.sum(0) + confusion.sum(1)).clamp(min=1)
    confidence, predicted = logits.double().softmax(1).max(1)
    bins = (confidence * CALIBRATION_BINS).ceil().long().sub(1).clamp(0, CALIBRATION_BINS - 1)
    excess = torch.zeros(CALIBRATION_BINS, dtype=torch.float64)
    excess.index_add_(0, bins, confidence - (predicted == labels).double())
    top5 = (logits.topk(5, dim=1).indices == labels[:, None]).any(1)
    return {
        "accuracy": (hits.sum() / confusion.sum()).item(), "top5_accuracy": top5.double().mean().item(),
        "macro_precision": precision.mean().item(), "macro_recall": recall.mean().item(),
        "macro_f1": f1.mean().item(), "ece": (excess.abs().sum() / len(labels)).item(),
    }
