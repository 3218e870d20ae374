#!/usr/bin/env python3
"""Compares, layer by layer, the algorithms that labrun chooses by shape with measured ones and with the direct method.

Networks run alternately with `--algorithms auto`, `calibrated` and `direct`; the passes of a layer that minimal filtering
makes slower than the direct method are listed. None should be: the choice depends on shapes alone, so that results do not
depend on a machine's mood. The first convolution, which is direct in all, shows how much the machine itself changed in
between.
"""

from __future__ import annotations

import argparse
from collections import defaultdict

from measuring import note, positive, run_json

# Arguments of `labrun bench` with 3×3 convolutions from 8 to 512 channels on images from 4×4 to 64×64.
NETWORKS = [
    ["resnet", "--conv", "static"],
    ["resnet", "--conv", "odconv-4x"],
    ["resnet", "--conv", "static", "--width", "20", "--size", "28"],
    ["resnet", "--conv", "odconv-1x", "--width", "24", "--size", "28"],
    ["resnet", "--conv", "static", "--set", "downsample=spd"],
    ["resnet", "--conv", "static", "--width", "32", "--batch", "16"],
    ["resnet18", "--conv", "static", "--size", "64", "--batch", "16"],
    ["resnet18", "--conv", "odconv-1x", "--size", "64", "--batch", "16"],
    ["vgg11_bn", "--conv", "static", "--batch", "16"],
]
CHOICES = ("auto", "calibrated", "direct")
FIRST_LAYERS = ("conv1", "features.0")
PASSES = ("convolution forward", "convolution input gradient", "convolution weight gradient", "dynamic weights")


def measure(binary: str, network: list[str], algorithms: str, steps: int) -> dict[tuple[str, str], float]:
    """Returns the milliseconds of each convolution's passes, and those of all its work under the name "all"."""
    report, _ = run_json([binary, "bench", *network, "--algorithms", algorithms, "--steps", str(steps), "--json"])
    times: dict[tuple[str, str], float] = defaultdict(float)
    for item in report["results"][0]["layers"]:
        if item["kind"] in PASSES:
            times[item["layer"], item["kind"]] += item["milliseconds"]
            times[item["layer"], "all"] += item["milliseconds"]
    return times


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--labrun", default=".build/release/labrun", help="the binary")
    parser.add_argument("--rounds", type=positive, default=3, help="rounds, whose fastest times count")
    parser.add_argument("--steps", type=positive, default=9, help="steps of a round")
    parser.add_argument("--margin", type=float, default=1.1, help="the ratio from which a pass counts as slower")
    options = parser.parse_args()

    print("| network | layers | auto ms | calibrated ms | direct ms | gain | drift | slower passes |")
    print("| --- | ---: | ---: | ---: | ---: | ---: | ---: | --- |")
    for network in NETWORKS:
        note(" ".join(network))
        rounds = [
            {name: measure(options.labrun, network, name, options.steps) for name in CHOICES}
            for _ in range(options.rounds)]
        fastest = {
            name: {key: min(turn[name].get(key, 0.0) for turn in rounds) for key in rounds[0]["direct"]}
            for name in CHOICES}
        layers = {layer for layer, _ in fastest["direct"]}
        totals = {
            name: sum(time for (_, kind), time in times.items() if kind == "all") for name, times in fastest.items()}
        # Dynamic weights are transformed within the passes, so that single passes of these do not compare.
        is_dynamic = any(kind == "dynamic weights" for _, kind in fastest["direct"])
        first = next(layer for layer in FIRST_LAYERS if layer in layers)
        drift = max(1.0, fastest["auto"][first, "all"] / fastest["direct"][first, "all"])
        slower = [
            f"{layer} {kind} {fastest['auto'][layer, kind]:.2f} for {time:.2f}"
            for (layer, kind), time in sorted(fastest["direct"].items())
            if (kind == "all" or not is_dynamic) and layer != first and time >= 0.1
            and fastest["auto"][layer, kind] > options.margin * drift * time]
        gain = totals["direct"] / totals["auto"]
        print(
            f"| {' '.join(network)} | {len(layers)} | {totals['auto']:.1f} | {totals['calibrated']:.1f} "
            f"| {totals['direct']:.1f} | {gain:.2f} | {drift:.2f} | {', '.join(slower) or 'none'} |", flush=True)


if __name__ == "__main__":
    main()
