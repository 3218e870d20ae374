#!/usr/bin/env python3
"""Times JAX's training step of a CIFAR ResNet-20 with static or ODConv convolutions.

A step is forward, backward and an SGD update with momentum 0.9 on one fixed batch of random images, as one jitted
function whose arguments are donated. Modes are a layout (nhwc, nchw) and a way to convolve: `convolution` is XLA's,
and `products` adds up nine shifted matrix products. A dynamic convolution is nine products for each sample in every
mode, since XLA's convolution with a group a sample did not end within minutes in a trial; kernels are contracted
first.
"""

from __future__ import annotations

import argparse
import math
import os
import sys
from typing import Any, Callable, Iterator

try:
    import jax
    from jax import Array, lax
    from jax import numpy as jnp
except ImportError:
    sys.exit("JAX is not installed; install it with: python3 -m pip install jax")

from measuring import time_steps
from step_script import StepScript
from subjects import CLASSES, Subject

MODES = ("nhwc", "nchw", "nhwc_products", "nchw_products")
EPSILON, STATISTICS_MOMENTUM = 1e-5, 0.1
LEARNING_RATE, MOMENTUM = 0.01, 0.9

# Parameters and running statistics by name, as PyTorch has them but for the order of a kernel's axes [h, w, I, O].
State = dict[str, Array]


class Layers:
    """The layers of one forward pass in a layout, which read parameters and note new running statistics."""

    def __init__(self, parameters: State, statistics: State, layout: str, uses_products: bool) -> None:
        self.parameters, self.statistics, self.uses_products = parameters, statistics, uses_products
        self.new_statistics: State = {}
        self.layout = layout
        self.channel_axis = layout.index("c")
        self.spatial_axes = (layout.index("h"), layout.index("w"))

    def per_channel(self, values: Array) -> Array:
        """Returns values [C] or [N, C] in the shape that a feature map broadcasts with."""
        shape = [1] * 4
        shape[self.channel_axis] = values.shape[-1]
        if values.ndim == 2:
            shape[0] = values.shape[0]
        return values.reshape(shape)

    def convolution(self, name: str, x: Array, stride: int = 1) -> Array:
        """A static convolution."""
        weight = self.parameters[f"{name}.weight"]
        size = weight.shape[0]
        if self.uses_products and size == 3:
            return self.products(x, weight, stride, "io")
        names = (self.layout.upper(), "HWIO", self.layout.upper())
        padding = [(size // 2, size // 2)] * 2
        return lax.conv_general_dilated(x, weight, (stride, stride), padding, dimension_numbers=names)

    def products(self, x: Array, weight: Array, stride: int, axes: str) -> Array:
        """A 3x3 convolution as the sum of a matrix product for each tap, for all samples' weights or one for each."""
        height, width = self.spatial_axes
        padded = jnp.pad(x, [(1, 1) if axis in self.spatial_axes else (0, 0) for axis in range(4)])
        inputs, outputs = self.layout.replace("c", "i"), self.layout.replace("c", "o")

        def product(row: int, column: int) -> Array:
            window = [slice(None)] * 4
            window[height] = slice(row, row + x.shape[height], stride)
            window[width] = slice(column, column + x.shape[width], stride)
            tap = weight[row, column] if axes == "io" else weight[:, row, column]
            return jnp.einsum(f"{inputs},{axes}->{outputs}", padded[tuple(window)], tap)

        return sum(product(row, column) for row in range(3) for column in range(3))

    def normalization(self, name: str, x: Array) -> Array:
        """A batch normalisation by the batch's statistics; features may be [N, C]."""
        axes = (0,) if x.ndim == 2 else (0, *self.spatial_axes)
        count = math.prod(x.shape[axis] for axis in axes)
        mean, square = x.mean(axes), jnp.square(x).mean(axes)
        variance = square - jnp.square(mean)
        for key, value in (("running_mean", mean), ("running_var", variance * count / (count - 1))):
            old = self.statistics[f"{name}.{key}"]
            self.new_statistics[f"{name}.{key}"] = old + STATISTICS_MOMENTUM * (lax.stop_gradient(value) - old)
        scale = self.parameters[f"{name}.weight"] * lax.rsqrt(variance + EPSILON)
        shift = self.parameters[f"{name}.bias"] - mean * scale
        if x.ndim == 2:
            return x * scale + shift
        return x * self.per_channel(scale) + self.per_channel(shift)

    def linear(self, name: str, x: Array) -> Array:
        """A matrix product with a bias where there is one."""
        y = x @ self.parameters[f"{name}.weight"]
        bias = self.parameters.get(f"{name}.bias")
        return y if bias is None else y + bias

    def dynamic_convolution(self, name: str, x: Array, stride: int) -> Array:
        """An ODConv layer."""
        z = self.linear(f"{name}.attention.fc", x.mean(self.spatial_axes))
        z = jax.nn.relu(self.normalization(f"{name}.attention.bn", z))
        temperature = self.parameters["temperature"]

        def logits(part: str) -> Array:
            return self.linear(f"{name}.attention.{part}", z) / temperature

        kernels = self.parameters[f"{name}.weight"]
        if kernels.shape[0] > 1:
            attention = jax.nn.softmax(logits("kernel_fc"))
            weight = jnp.einsum("nk,kyxio->nyxio", attention, kernels)
        else:
            weight = kernels
        weight = weight * jax.nn.sigmoid(logits("spatial_fc")).reshape(-1, 3, 3, 1, 1)
        x = x * self.per_channel(jax.nn.sigmoid(logits("channel_fc")))
        return self.products(x, weight, stride, "nio") * self.per_channel(jax.nn.sigmoid(logits("filter_fc")))


def blocks(width: int) -> Iterator[tuple[str, int, int, int]]:
    """The blocks of a ResNet-20: name, input channels, channels, stride."""
    in_channels = width
    for stage in range(3):
        for index in range(3):
            yield f"layer{stage + 1}.{index}", in_channels, width << stage, 2 if stage and not index else 1
            in_channels = width << stage


def initial_state(subject: Subject, key: Array) -> tuple[State, State]:
    """Returns the parameters and the running statistics."""
    width = subject.width or 16
    parameters: State = {}
    statistics: State = {}

    def kernel(name: str, *shape: int) -> None:
        deviation = math.sqrt(2 / (shape[-1] * math.prod(shape[-4:-2])))
        parameters[f"{name}.weight"] = deviation * jax.random.normal(
            jax.random.fold_in(key, len(parameters)), shape)

    def linear(name: str, inputs: int, outputs: int, bias: bool = True) -> None:
        kernel(name, 1, 1, inputs, outputs)
        parameters[f"{name}.weight"] = parameters[f"{name}.weight"].reshape(inputs, outputs)
        if bias:
            parameters[f"{name}.bias"] = jnp.zeros(outputs)

    def normalization(name: str, channels: int) -> None:
        parameters[f"{name}.weight"], parameters[f"{name}.bias"] = jnp.ones(channels), jnp.zeros(channels)
        statistics[f"{name}.running_mean"], statistics[f"{name}.running_var"] = jnp.zeros(channels), jnp.ones(channels)

    def convolution(name: str, inputs: int, outputs: int) -> None:
        if not subject.is_dynamic:
            kernel(name, 3, 3, inputs, outputs)
            return
        count, hidden = int(subject.conv.removeprefix("odconv-").removesuffix("x")), max(inputs // 16, 16)
        kernel(name, count, 3, 3, inputs, outputs)
        linear(f"{name}.attention.fc", inputs, hidden, bias=False)
        normalization(f"{name}.attention.bn", hidden)
        parts = {"channel_fc": inputs, "filter_fc": outputs, "spatial_fc": 9}
        for part, size in (parts | ({"kernel_fc": count} if count > 1 else {})).items():
            linear(f"{name}.attention.{part}", hidden, size)

    kernel("conv1", 3, 3, 3, width)
    normalization("bn1", width)
    for name, inputs, channels, stride in blocks(width):
        convolution(f"{name}.conv1", inputs, channels)
        normalization(f"{name}.bn1", channels)
        convolution(f"{name}.conv2", channels, channels)
        normalization(f"{name}.bn2", channels)
        if stride == 2:
            kernel(f"{name}.downsample.0", 1, 1, inputs, channels)
            normalization(f"{name}.downsample.1", channels)
    linear("fc", 4 * width, CLASSES)
    return parameters, statistics


def forward(layers: Layers, subject: Subject, images: Array) -> Array:
    """Returns the logits of images."""
    convolution: Callable[[str, Array, int], Array] = (
        layers.dynamic_convolution if subject.is_dynamic else layers.convolution)
    x = jax.nn.relu(layers.normalization("bn1", layers.convolution("conv1", images)))
    for name, _, _, stride in blocks(subject.width or 16):
        y = jax.nn.relu(layers.normalization(f"{name}.bn1", convolution(f"{name}.conv1", x, stride)))
        y = layers.normalization(f"{name}.bn2", convolution(f"{name}.conv2", y, 1))
        if stride == 2:
            x = layers.normalization(f"{name}.downsample.1", layers.convolution(f"{name}.downsample.0", x, stride))
        x = jax.nn.relu(x + y)
    return layers.linear("fc", x.mean(layers.spatial_axes))


def make_step(subject: Subject, mode: str) -> Callable[..., tuple[State, State, State, Array]]:
    """Returns the jitted training step."""
    layout, uses_products = mode[:4], mode.endswith("products")

    def loss_of(
        parameters: State, statistics: State, temperature: Array, images: Array, labels: Array,
    ) -> tuple[Array, State]:
        layers = Layers(parameters | {"temperature": temperature}, statistics, layout, uses_products)
        chances = jax.nn.log_softmax(forward(layers, subject, images))
        loss = -jnp.take_along_axis(chances, labels[:, None], axis=1).mean()
        return loss, layers.new_statistics

    def step(
        parameters: State, velocities: State, statistics: State, temperature: Array, images: Array, labels: Array,
    ) -> tuple[State, State, State, Array]:
        (loss, statistics), gradients = jax.value_and_grad(loss_of, has_aux=True)(
            parameters, statistics, temperature, images, labels)
        velocities = jax.tree.map(lambda v, g: MOMENTUM * v + g, velocities, gradients)
        parameters = jax.tree.map(lambda p, v: p - LEARNING_RATE * v, parameters, velocities)
        return parameters, velocities, statistics, loss

    return jax.jit(step, donate_argnums=(0, 1, 2))


def measure(subject: Subject, mode: str, _: str, options: argparse.Namespace) -> dict[str, Any]:
    """Times the steps of one network in one mode."""
    if not subject.has_jax:
        raise ValueError("JAX's side has ResNet-20 with static convolutions or ODConv only")
    if options.threads == 1 and hasattr(os, "sched_setaffinity"):
        # XLA's flags leave it a second thread, and one processor makes it one at a time.
        os.sched_setaffinity(0, {max(os.sched_getaffinity(0))})
    keys = jax.random.split(jax.random.key(0), 3)
    parameters, statistics = initial_state(subject, keys[0])
    state = (parameters, jax.tree.map(jnp.zeros_like, parameters), statistics)
    images = jax.random.normal(keys[1], [
        {"n": options.batch or subject.batch, "c": 3}.get(axis, subject.size) for axis in mode[:4]])
    labels = jax.random.randint(keys[2], (options.batch or subject.batch,), 0, CLASSES)
    temperature = jnp.float32(30)
    count = sum(values.size for values in parameters.values())
    step = make_step(subject, mode)

    def take_step() -> None:
        nonlocal state
        *state, loss = step(*state, temperature, images, labels)
        loss.block_until_ready()

    return {"parameters": count, **time_steps(take_step, options.warmup, options.steps)}


def environment(threads: int) -> dict[str, str]:
    """The variables of the environment for a number of threads; on one, XLA takes no pool."""
    flags = os.environ.get("XLA_FLAGS", "")
    if threads == 1:
        flags += " --xla_cpu_multi_thread_eigen=false intra_op_parallelism_threads=1"
    return {"XLA_FLAGS": flags.strip(), "OMP_NUM_THREADS": str(threads), "JAX_PLATFORMS": "cpu"}


def main() -> None:
    """Measures and prints."""
    StepScript(
        file=__file__, description=__doc__, library="JAX", system={"version": jax.__version__, "jax": jax.__version__},
        modes=MODES, aggregations=("matmul",), default_aggregation="matmul", environment=environment, measure=measure,
    ).run()


if __name__ == "__main__":
    main()
