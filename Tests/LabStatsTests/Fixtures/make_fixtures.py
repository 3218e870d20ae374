#!/usr/bin/env python3
"""Writes the reference values of the statistics tests: SciPy where it has the function, plain NumPy elsewhere,
and 50 digits of mpmath for the t distribution.

Usage: python3 make_fixtures.py   (writes its JSON files beside itself; needs mpmath, numpy and scipy)
"""

import json
import math
import pathlib

import mpmath
import numpy as np
from scipy import special, stats

mpmath.mp.dps = 50
FOLDER = pathlib.Path(__file__).parent


def write(name, value):
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

    text = json.dumps(plain(value), indent=1, allow_nan=False)
    (FOLDER / name).write_text(text + "\n")


def t_tail(t, df):
    """The probability above t >= 0, in 50 digits."""
    if t == 0:
        return mpmath.mpf(1) / 2
    return mpmath.betainc(df / 2, mpmath.mpf(1) / 2, 0, df / (df + t * t), regularized=True) / 2


def t_density(t, df):
    log_constant = mpmath.loggamma((df + 1) / 2) - mpmath.loggamma(df / 2) - mpmath.log(df * mpmath.pi) / 2
    return mpmath.exp(log_constant - (df + 1) / 2 * mpmath.log1p(t * t / df))


def t_quantile(p, df):
    """SciPy's quantile, which loses digits near the median, improved by Newton's method in 50 digits."""
    t = mpmath.mpf(stats.t.ppf(p, df))
    for _ in range(6):
        cumulative = t_tail(-t, df) if t < 0 else 1 - t_tail(t, df)
        t -= (cumulative - mpmath.mpf(p)) / t_density(t, mpmath.mpf(df))
    return float(t)


def distributions():
    degrees = [1, 1.5, 2, 3, 4, 5, 7.3, 10, 19, 30, 99, 1000, 1e5]
    probabilities = [1e-12, 1e-6, 0.0005, 0.005, 0.025, 0.1, 0.24, 0.26, 0.4, 0.4999, 0.500001, 0.75, 0.9, 0.975, 0.9995]
    points = [0.0, 1e-6, 0.01, 0.3, 0.8, 1.2, 1.8, 2.5, 4.0, 9.0, 30.0, 1e4]
    pairs = [(df, t) for df in degrees for t in points if stats.t.sf(t, df) > 1e-290]
    exact = [(mpmath.mpf(df), mpmath.mpf(t)) for df, t in pairs]
    return {
        "t_quantiles": [[df, p, t_quantile(p, df)] for df in degrees for p in probabilities],
        "t_survival": [[*pair, float(t_tail(t, df))] for pair, (df, t) in zip(pairs, exact)],
        "t_density": [[*pair, float(t_density(t, df))] for pair, (df, t) in zip(pairs, exact)],
        "normal_quantiles": [[p, stats.norm.ppf(p)] for p in probabilities + [1e-100]],
        "normal_survival": [[z, stats.norm.sf(z)] for z in points if z < 35],
    }


def samples(rng):
    cases = []
    for size in (2, 3, 5, 8, 20):
        for scale in (1.0, 1e-4, 30.0):
            cases.append((rng.normal(0.9, scale, size), rng.normal(0.7, 2 * scale, size)))
    return cases


def comparisons(rng):
    rows = []
    for first, second in samples(rng):
        paired = stats.ttest_rel(first, second)
        paired_interval = paired.confidence_interval(0.95)
        other = second[: max(2, len(second) - 1)]
        welch = stats.ttest_ind(first, other, equal_var=False)
        welch_interval = welch.confidence_interval(0.9)
        difference = first - second
        n1, n2 = len(first), len(other)
        pooled = math.sqrt(((n1 - 1) * first.var(ddof=1) + (n2 - 1) * other.var(ddof=1)) / (n1 + n2 - 2))
        degrees = n1 + n2 - 2
        correction = special.gamma(degrees / 2) / (math.sqrt(degrees / 2) * special.gamma((degrees - 1) / 2))
        rows.append({
            "first": first, "second": second, "other": other,
            "mean": first.mean(), "sd": first.std(ddof=1), "se": stats.sem(first),
            "paired": {
                "mean": difference.mean(), "t": paired.statistic, "p": paired.pvalue,
                "lower": paired_interval.low, "upper": paired_interval.high,
                "dz": difference.mean() / difference.std(ddof=1),
            },
            "welch": {
                "t": welch.statistic, "p": welch.pvalue, "df": welch.df,
                "lower": welch_interval.low, "upper": welch_interval.high,
                "g": (first.mean() - other.mean()) / pooled * correction,
            },
        })
    return rows


def holm(rng):
    rows = []
    for size in (1, 2, 5, 12):
        p = np.round(rng.random(size) ** 3, 4)
        order = np.argsort(p, kind="stable")
        adjusted = np.empty(size)
        adjusted[order] = np.minimum(1, np.maximum.accumulate(p[order] * (size - np.arange(size))))
        rows.append({"p": p, "adjusted": adjusted})
    return rows


def bootstrap(rng):
    sample = rng.gamma(2.0, 1.0, 12)
    result = {"sample": sample}
    for method in ("percentile", "BCa"):
        interval = stats.bootstrap(
            (sample,), np.mean, n_resamples=400_000, method=method, batch=10_000, rng=np.random.default_rng(7)
        ).confidence_interval
        result[method.lower()] = [interval.low, interval.high]
    # The same correction on a given distribution, without any randomness.
    distribution = np.sort(np.mean(rng.choice(sample, (400, 12)), axis=1))
    estimate = sample.mean()
    jackknife = np.array([np.delete(sample, i).mean() for i in range(12)])
    bias = stats.norm.ppf(((distribution < estimate).sum() + (distribution <= estimate).sum()) / (2 * 400))
    spread = jackknife.mean() - jackknife
    acceleration = (spread**3).sum() / (6 * (spread**2).sum() ** 1.5)
    z = bias + stats.norm.ppf([0.05, 0.95])
    ends = np.quantile(distribution, stats.norm.cdf(bias + z / (1 - acceleration * z)))
    result["given"] = {"distribution": distribution, "estimate": estimate, "jackknife": jackknife, "ends": ends}
    return result


def classification(rng):
    """Metrics as scikit-learn defines them (zero_division=0), in plain NumPy."""
    rows = []
    for classes, count, sharpness in ((3, 40, 1.0), (10, 120, 2.0), (12, 30, 0.5)):
        labels = rng.integers(0, classes - 1, count)  # the last class has no images
        logits = rng.normal(0, 1, (count, classes)).astype(np.float32)
        logits[np.arange(count), labels] += np.float32(sharpness)
        logits = np.round(logits, 3).astype(np.float32)
        wide = logits.astype(np.float64)
        predictions = wide.argmax(axis=1)
        matrix = np.zeros((classes, classes), int)
        np.add.at(matrix, (labels, predictions), 1)
        hits, support, predicted = np.diag(matrix), matrix.sum(axis=1), matrix.sum(axis=0)

        def ratio(a, b):
            return np.divide(a, b, out=np.zeros(classes), where=b != 0)

        precision, recall, f1 = ratio(hits, predicted), ratio(hits, support), ratio(2 * hits, predicted + support)
        present = (support + predicted) > 0
        log_softmax = special.log_softmax(wide, axis=1)
        confidence = np.exp(log_softmax.max(axis=1))
        correct = predictions == labels
        edges = np.linspace(0, 1, 16)
        error = 0.0
        for low, high in zip(edges[:-1], edges[1:]):
            inside = (confidence > low) & (confidence <= high)
            if inside.any():
                error += inside.mean() * abs(correct[inside].mean() - confidence[inside].mean())
        order = np.argsort(-wide, axis=1, kind="stable")
        rows.append({
            "classes": classes, "logits": logits.ravel(), "labels": labels, "confusion": matrix.ravel(),
            "accuracy": correct.mean(),
            "top3": (order[:, :3] == labels[:, None]).any(axis=1).mean(),
            "precision": precision, "recall": recall, "f1": f1, "support": support,
            "macro": [values[present].mean() for values in (precision, recall, f1)],
            "weighted": [np.average(values, weights=support) for values in (precision, recall, f1)],
            "log_loss": -log_softmax[np.arange(count), labels].mean(),
            "ece": error,
        })
    return rows


def coarse():
    """Shares of 30 test images over a few seeds.

    Whole counts tell what shares cannot: which differences are equal, and which only round to the same number.
    """
    rng = np.random.default_rng(30)
    rows = []
    for index in range(150):
        size = int(rng.integers(1, 6))
        first = rng.integers(24, 31, size)
        second = first - int(rng.integers(-2, 3)) if index % 3 == 0 else rng.integers(24, 31, size)
        difference = first - second
        row = {"first": first / 30, "second": second / 30, "caveat": None, "ties": int((difference == 0).sum())}
        if size < 3:
            row["caveat"] = "few"
        elif (difference == difference[0]).all():
            row["caveat"] = "ties" if difference[0] == 0 else "equal"
        else:
            # SciPy with the counts, which are exact.
            test = stats.ttest_rel(first, second)
            interval = test.confidence_interval(0.95)
            row |= {"p": test.pvalue, "lower": interval.low / 30, "upper": interval.high / 30}
        other = rng.integers(28, 31, int(rng.integers(1, 6)))
        row["other"] = other / 30
        lacking = [len(set(sample)) == 1 for sample in (first, other)]
        if min(size, len(other)) < 3:
            row["unpaired"] = {"caveat": "few"}
        elif any(lacking):
            row["unpaired"] = {"caveat": "spread", "treatment": lacking[0], "reference": lacking[1]}
        else:
            row["unpaired"] = {"caveat": None, "p": stats.ttest_ind(first, other, equal_var=False).pvalue}
        rows.append(row)
    return rows


rng = np.random.default_rng(20240229)
write("distributions.json", distributions())
write("comparisons.json", {
    "comparisons": comparisons(rng), "holm": holm(rng), "bootstrap": bootstrap(rng)})
write("classification.json", classification(rng))
write("coarse.json", {"coarse": coarse()})
