"""Tells points inside of a ring from points outside by logistic regression. It was not written for labrun."""

import argparse
import math
import random

FEATURES = {
    "raw": lambda x, y: (1, x, y),
    "squares": lambda x, y: (1, x, y, x * x, y * y),
    "squares-and-products": lambda x, y: (1, x, y, x * x, y * y, x * y),
}


def points(count, source):
    """Returns points of a tilted ellipse and around it, with some labels wrong."""
    result = []
    for _ in range(count):
        x, y = source.uniform(-1, 1), source.uniform(-1, 1)
        is_inside = x * x + y * y + 0.8 * x * y < 0.4
        result.append((x, y, is_inside != (source.random() < 0.05)))
    return result


def probability(weights, features):
    score = sum(weight * feature for weight, feature in zip(weights, features))
    return 1 / (1 + math.exp(-max(-30, min(30, score))))


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--features", choices=FEATURES, default="raw")
    parser.add_argument("--epochs", type=int, default=20)
    parser.add_argument("--rate", type=float, default=0.5, help="the learning rate")
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()

    source = random.Random(options.seed)
    features = FEATURES[options.features]
    training, test = points(500, source), points(1000, source)
    weights = [0.0] * len(features(0, 0))
    for epoch in range(options.epochs):
        source.shuffle(training)
        rate = options.rate * (1 - epoch / options.epochs)
        loss = 0.0
        for x, y, label in training:
            inputs = features(x, y)
            guess = probability(weights, inputs)
            loss -= math.log(guess if label else 1 - guess)
            for index, value in enumerate(inputs):
                weights[index] += rate * (label - guess) * value
        print(f"epoch {epoch + 1}: loss {loss / len(training):.4f}")
    right = sum((probability(weights, features(x, y)) > 0.5) == label for x, y, label in test)
    print(f"test acc: {100 * right / len(test):.2f}")


main()
