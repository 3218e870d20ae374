#!/usr/bin/env python3
"""Writes the reference values of the tests of chance (resampled images, classes, calibration, curves, several data sets):
SciPy, statsmodels and scikit-learn where they have the function, plain NumPy elsewhere.

Usage: python3 make_chance.py   (writes chance.json beside itself; needs numpy, scipy, scikit-learn and statsmodels)
"""

import json
import pathlib

import numpy as np
from scipy import optimize, stats
from sklearn import metrics
from statsmodels.stats import contingency_tables, multitest, proportion

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

    resampled = np.array([np.mean(differences(rng.integers(0, images, size=images))) for _ in range(10_000)])
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
    large = []
    for ones, plus_ones, twos, plus_twos in ((9000, 4560, 4000, 2010), (9000, 4500, 4000, 2100), (9000, 4500, 4000, 2000)):
        pluses = np.convolve(
            stats.binom.pmf(np.arange(ones + 1), ones, 0.5),
            np.insert(stats.binom.pmf(np.arange(twos + 1), twos, 0.5), np.arange(1, twos + 1), 0.0),
        )
        total = 2 * plus_ones - ones + 2 * (2 * plus_twos - twos)
        first = (ones + 2 * twos + total) // 2
        exact, point = min(1.0, 2 * pluses[first:].sum()), pluses[first]
        large.append([ones, plus_ones, twos, plus_twos, exact, exact - point if total else 1 - point / 2])
    return {"single": single, "combined": combined, "large": large}


BINS = 15


def bins_of(confidences, kind):
    if kind == "width":
        return np.clip(np.ceil(confidences * BINS).astype(int) - 1, 0, BINS - 1)
    order = np.argsort(confidences, kind="stable")
    bins = np.empty(len(confidences), int)
    bins[order] = np.arange(len(confidences)) * BINS // len(confidences)
    return bins


def gaps(confidences, correct, kind):
    groups = [np.flatnonzero(bins_of(confidences, kind) == b) for b in range(BINS)]
    groups = [group for group in groups if len(group)]
    return [(len(g), confidences[g].mean(), correct[g].mean()) for g in groups]


def printed_moments(rows, scale):
    """Mean and deviation of the printed error, by SciPy's folded normal distribution, and the true error."""
    total = sum(row[0] for row in rows)
    mean = variance = error = 0.0
    for count, confidence, accuracy in rows:
        share = min(max(confidence - scale * (confidence - accuracy), 0.0), 1.0)
        gap, deviation = abs(confidence - share) * count, np.sqrt(count * share * (1 - share))
        error += gap
        if deviation > 0:
            folded = stats.foldnorm(gap / deviation, scale=deviation)
            mean, variance = mean + folded.mean(), variance + folded.var()
        else:
            mean += gap
    return mean / total, np.sqrt(variance) / total, error / total


def calibration(rng):
    cases = []
    for images, slope in ((150, 0.3), (600, 0.1)):
        confidences = np.round(0.3 + 0.69 * rng.beta(2, 1.2, size=images), 9)
        correct = (rng.random(images) < confidences - slope * confidences * (1 - confidences)).astype(float)
        case = {"confidences": confidences, "correct": correct}
        for kind in ("width", "mass"):
            rows = gaps(confidences, correct, kind)
            observed = sum(n * abs(c - a) for n, c, a in rows) / images
            deviations = [n * np.sqrt(a * (1 - a) / n) for n, c, a in rows]
            expected = sum(
                stats.foldnorm(n * abs(c - a) / d, scale=d).mean() if d > 0 else n * abs(c - a)
                for (n, c, a), d in zip(rows, deviations)
            )
            ends = []
            for z in (0.0, stats.norm.ppf(0.975), -stats.norm.ppf(0.975)):

                def excess(scale, z=z):
                    mean, deviation, _ = printed_moments(rows, scale)
                    return mean + z * deviation - observed

                scale = 0.0 if excess(0.0) >= 0 else optimize.brentq(excess, 0.0, 8.0, xtol=1e-14)
                ends.append(printed_moments(rows, scale)[2])
            case[kind] = {
                "observed": observed,
                "debiased": 2 * observed - expected / images,
                "corrected": ends[0],
                "interval": ends[1:],
                "chance": printed_moments(rows, 0.0)[0],
                "points": [[n, round(a * n), c] for n, c, a in rows],
            }
        cases.append(case)
    wilson = [
        [k, n, level, *proportion.proportion_confint(k, n, alpha=1 - level, method="wilson")]
        for k, n, level in ((0, 5, 0.95), (5, 5, 0.95), (3, 7, 0.9), (940, 1000, 0.99), (1, 2, 0.95))
    ]
    return {"cases": cases, "wilson": wilson}


def curves(rng):
    """An additive model at each epoch by least squares, and bands by the formula with the length of the path."""
    cases = []
    epochs = np.array([1, 2, 3, 5, 8, 9])
    for variants, seeds, roughness in ((2, 3, 9.0), (2, 6, 0.05), (4, 3, 0.2), (4, 5, 0.02)):
        steps = roughness * rng.normal(size=(variants, seeds, len(epochs)))
        walk = steps if roughness > 1 else rng.normal(size=(variants, seeds, 1)) + steps.cumsum(-1)
        values = 0.7 + 0.02 * walk + 0.01 * rng.normal(size=(variants, 1, 1))
        design = np.array(
            [
                np.concatenate([np.eye(variants)[v], np.eye(seeds)[s][1:]])
                for v in range(variants)
                for s in range(seeds)
            ]
        )
        degrees = (variants - 1) * (seeds - 1)
        errors, estimates, directions = [], [], []
        contrast = np.zeros(design.shape[1])
        contrast[1], contrast[0] = 1, -1
        for epoch in range(len(epochs)):
            target = values[:, :, epoch].ravel()
            solution = np.linalg.lstsq(design, target, rcond=None)[0]
            residual = target - design @ solution
            square = residual @ residual
            estimates.append(contrast @ solution)
            errors.append(np.sqrt(square / degrees * (contrast @ np.linalg.inv(design.T @ design) @ contrast)))
            directions.append(residual / np.sqrt(square))
        path = sum(np.arccos(np.clip(a @ b, -1, 1)) for a, b in zip(directions, directions[1:]))
        bonferroni = stats.t.ppf(1 - 0.025 / len(epochs), degrees)

        def excess(u):
            return 2 * stats.t.sf(u, degrees) + path / np.pi * (1 + u * u / degrees) ** (-(degrees - 1) / 2) - 0.05

        critical = bonferroni if excess(bonferroni) >= 0 else optimize.brentq(excess, 0.5, bonferroni, xtol=1e-13)
        area = np.trapezoid(values, epochs, axis=-1) / (epochs[-1] - epochs[0])
        cases.append(
            {
                "values": values,
                "estimates": estimates,
                "errors": errors,
                "critical": critical,
                "is_bonferroni": float(critical == bonferroni),
                "area": stats.ttest_rel(area[1], area[0]).confidence_interval(0.95),
            }
        )
    return {"epochs": epochs, "cases": cases}


def f_tails():
    return [
        [a, b, f, stats.f.sf(f, a, b)]
        for a in (1, 2, 3.5, 10, 200)
        for b in (1, 2, 7.5, 30, 10_000)
        for f in (1e-6, 0.1, 0.9, 1.0, 2.5, 20.0, 500.0)
        if stats.f.sf(f, a, b) > 1e-250
    ]


def class_measure(counts, measure):
    """Of each class, from the weighted counts of labels and predictions."""
    correct, labels, predicted = np.diag(counts), counts.sum(axis=1), counts.sum(axis=0)
    upper, lower = {
        "recall": (correct, labels),
        "precision": (correct, predicted),
        "f1": (2 * correct, labels + predicted),
    }[measure]
    return np.where(lower > 0, upper / np.where(lower > 0, lower, 1), 0.0), lower


def weighted_counts(labels, run, weights, classes):
    counts = np.zeros((classes, classes))
    np.add.at(counts, (labels, run), weights)
    return counts


def moderated(variances, scales, degrees):
    ratios = variances[scales > 0] / scales[scales > 0]
    spread = (ratios.std(ddof=1) / ratios.mean()) ** 2 * (1 + np.sqrt((2 + 12 / degrees) / len(ratios)))
    excess = degrees * spread - 2
    prior = (2 * degrees - 4 + 4 * degrees * spread) / excess if excess > 0 else np.inf
    all_ratios = np.where(scales > 0, variances / np.where(scales > 0, scales, 1), np.nan)
    if np.isinf(prior):
        result = np.full(len(scales), ratios.mean())
    else:
        result = (prior * ratios.mean() + degrees * all_ratios) / (prior + degrees)
    return result * scales, min(prior + degrees, degrees * len(ratios))


def class_comparison(labels, treatment, reference, classes, measure, with_images):
    """The influence of an image is a numerical derivative here."""
    seeds, images = len(treatment), len(labels)
    values, influence, binomial = [], [], np.zeros(classes)
    for pair in zip(treatment, reference):
        sides, moves = [], []
        for run in pair:
            value, lower = class_measure(weighted_counts(labels, run, np.ones(images), classes), measure)
            binomial += np.where(lower > 0, value * (1 - value) / np.where(lower > 0, lower, 1), 0) / seeds
            sides.append(value)
            move = np.zeros((images, classes))
            for image in range(images):
                weights = np.ones(images)
                weights[image] += 1e-5
                up = class_measure(weighted_counts(labels, run, weights, classes), measure)[0]
                weights[image] -= 2e-5
                down = class_measure(weighted_counts(labels, run, weights, classes), measure)[0]
                move[image] = (up - down) / 2e-5
            moves.append(move)
        values.append(sides[0] - sides[1])
        influence.append(moves[0] - moves[1])
    values, influence = np.array(values), np.array(influence)
    covariance = np.einsum("sik,tik->stk", influence, influence)
    own = np.einsum("ssk->k", covariance) / seeds
    common = (covariance.sum(axis=(0, 1)) - own * seeds) / (seeds * (seeds - 1))
    variances, degrees = moderated(values.var(axis=0, ddof=1), own if with_images else binomial, seeds - 1)
    seed_error = np.sqrt(variances / seeds)
    image_error = np.sqrt(np.maximum(common, 0)) if with_images else np.zeros(classes)
    estimate = values.mean(axis=0)

    def half_width(tail, k):
        return np.hypot(stats.t.isf(tail, degrees) * seed_error[k], stats.norm.isf(tail) * image_error[k])

    p_values = [
        1.0
        if estimate[k] == 0
        else 2 * np.exp(optimize.brentq(lambda x: half_width(np.exp(x), k) - abs(estimate[k]), -300, np.log(0.5), xtol=1e-13))
        for k in range(classes)
    ]
    return {
        "measure": measure,
        "images": float(with_images),
        "degrees": degrees,
        "estimates": estimate,
        "seed_errors": seed_error,
        "image_errors": image_error,
        "p_values": p_values,
        "holm": multitest.multipletests(p_values, method="holm")[1],
        "half_widths": [half_width(0.025, k) for k in range(classes)],
        "simultaneous": [half_width(0.025 / classes, k) for k in range(classes)],
    }


def class_comparisons(rng):
    classes, images, seeds = 5, 240, 3
    labels = np.sort(rng.integers(0, classes, size=images))
    easy = rng.random(images) + 0.1 * (labels == 0) - 0.15 * (labels == 3)
    wrong = (labels + rng.integers(1, classes, size=images)) % classes

    def run(ease):
        return np.where(easy + 0.25 * rng.normal(size=images) < ease + 0.5 * (labels == 2) * (ease > 0.75), labels, wrong)

    treatment = [run(0.8) for _ in range(seeds)]
    reference = [run(0.7) for _ in range(seeds)]
    return {
        "labels": labels,
        "treatment": treatment,
        "reference": reference,
        "cases": [
            class_comparison(labels, treatment, reference, classes, measure, with_images)
            for measure in ("recall", "precision", "f1")
            for with_images in (True, False)
        ],
    }


def data_sets(rng):
    friedman = []
    for sets, methods, decimals in ((6, 3, 3), (12, 5, 1), (4, 4, 2), (3, 7, 2)):
        scores = np.round(0.8 + 0.1 * rng.normal(size=(sets, 1)) + 0.1 * rng.normal(size=(sets, methods)), decimals)
        chi = stats.friedmanchisquare(*scores.T)
        f = (sets - 1) * chi.statistic / (sets * (methods - 1) - chi.statistic)
        friedman.append(
            {
                "scores": scores,
                "ranks": stats.rankdata(-scores, axis=1).mean(axis=0),
                "chi": [chi.statistic, chi.pvalue],
                "f": [f, stats.f.sf(f, methods - 1, (methods - 1) * (sets - 1))],
                "difference": stats.studentized_range.ppf(0.95, methods, 1e9)
                / np.sqrt(2)
                * np.sqrt(methods * (methods + 1) / (6 * sets)),
            }
        )
    bayes = []
    for count, shift, rope in ((8, 0.3, 0.2), (15, 0.02, 0.3), (5, -0.5, 0.0), (6, 0.2, 0.1)):
        values = np.round(shift + 0.4 * rng.normal(size=count), 1)
        augmented = np.concatenate([[0.0], values])
        sums = augmented[:, None] + augmented[None, :]
        above = (sums > 2 * rope) + 0.5 * (sums == 2 * rope)
        below = (-sums > 2 * rope) + 0.5 * (-sums == 2 * rope)
        strength = np.concatenate([[0.5], np.ones(count)])
        total = strength.sum()
        second = (np.outer(strength, strength) + np.diag(strength)) / (total * (total + 1))
        weights = rng.dirichlet(strength, size=200_000)
        right = np.einsum("bi,ij,bj->b", weights, above, weights)
        left = np.einsum("bi,ij,bj->b", weights, below, weights)
        winner = np.argmax(np.stack([left, 1 - left - right, right]), axis=0)
        bayes.append(
            {
                "differences": values,
                "rope": rope,
                "expected": [(second * below).sum(), 1 - (second * (above + below)).sum(), (second * above).sum()],
                "probabilities": np.bincount(winner, minlength=3) / len(winner),
            }
        )
    return {"friedman": friedman, "bayes": bayes}


def main():
    rng = np.random.default_rng(16)
    value = {"crossed": crossed(rng), "runs": runs(rng), "mcnemar": mcnemar(rng)}
    value |= {"calibration": calibration(rng), "curves": curves(rng), "f_tails": f_tails()}
    value |= {"classes": class_comparisons(rng), "data_sets": data_sets(rng)}
    (FOLDER / "chance.json").write_text(json.dumps(plain(value), allow_nan=False) + "\n")


if __name__ == "__main__":
    main()
