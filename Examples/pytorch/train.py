"""Trains a small network on the digits that scikit-learn brings along, and goes on where it was stopped.

A checkpoint has all that the rest of the training depends on, so that a run which was stopped ends with the same
numbers as one that was not.
"""

import os

import labrun

DEFAULTS = {
    "epochs": 12,
    "batch_size": 64,
    "model": {"width": 8, "normalization": "none"},
    "optimizer": {"name": "sgd", "lr": 0.05},
}


def load(seed):
    """Returns images [N, 1, 8, 8], labels [N] and row numbers [N] of the training digits and of the test digits."""
    import torch
    from sklearn.datasets import load_digits
    from sklearn.model_selection import train_test_split

    pixels, classes = load_digits(return_X_y=True)
    images = torch.tensor(pixels, dtype=torch.float32).reshape(-1, 1, 8, 8) / 16
    labels = torch.tensor(classes)
    parts = train_test_split(range(len(labels)), test_size=0.3, stratify=classes, random_state=seed)
    return [(images[rows], labels[rows], torch.tensor(rows)) for rows in parts]


def network(width, normalization):
    from torch import nn

    def block(inputs, outputs):
        layers = {"none": [], "batch": [nn.BatchNorm2d(outputs)]}[normalization]
        return [nn.Conv2d(inputs, outputs, 3, padding=1), *layers, nn.ReLU(), nn.MaxPool2d(2)]

    return nn.Sequential(*block(1, width), *block(width, 2 * width), nn.Flatten(), nn.Linear(8 * width, 10))


def save(path, state):
    """Writes a file that is there whole or not at all, whenever the program is ended."""
    import torch

    part = path.with_name(path.name + ".part")
    torch.save(state, part)
    os.replace(part, path)


def train(run):
    import torch
    from torch.nn import functional

    torch.manual_seed(run.seed)
    torch.set_num_threads(run.threads)
    torch.use_deterministic_algorithms(True)
    device = run.devices[0] if run.devices else "cpu"
    config = run.config

    (images, labels, _), (test_images, test_labels, test_rows) = load(run.seed)
    images, labels, test_images = images.to(device), labels.to(device), test_images.to(device)
    model = network(config.model.width, config.model.normalization).to(device)
    kind = {"sgd": lambda p, lr: torch.optim.SGD(p, lr, momentum=0.9), "adam": torch.optim.Adam}[config.optimizer.name]
    optimizer = kind(model.parameters(), lr=config.optimizer.lr)

    done = 0
    if run.is_resuming:
        state = torch.load(run.checkpoint, map_location=device)
        model.load_state_dict(state["model"])
        optimizer.load_state_dict(state["optimizer"])
        torch.set_rng_state(state["random"].cpu())
        done = state["epoch"]
        run.message(f"goes on after epoch {done}")

    def scores():
        model.eval()
        with torch.no_grad():
            return model(test_images).cpu()

    for epoch in range(done + 1, config.epochs + 1):
        model.train()
        batches = torch.randperm(len(images)).split(config.batch_size)
        total = 0.0
        for step, rows in enumerate(batches, start=1):
            optimizer.zero_grad()
            loss = functional.cross_entropy(model(images[rows]), labels[rows])
            loss.backward()
            optimizer.step()
            total += loss.item() * len(rows)
            run.progress(epoch=epoch, epochs=config.epochs, step=step, steps=len(batches), loss=loss)
        accuracy = (scores().argmax(1) == test_labels).double().mean()
        # The epoch is told before its checkpoint is there: then no epoch before a checkpoint is missing.
        run.log(epoch=epoch, train_loss=total / len(images), test_accuracy=accuracy)
        save(run.checkpoint, {
            "epoch": epoch, "model": model.state_dict(), "optimizer": optimizer.state_dict(),
            "random": torch.get_rng_state()})
        if run.should_stop:
            run.stop()

    logits = scores()
    run.predictions(logits, test_labels, ids=test_rows)
    save(run.folder / "weights.pt", model.state_dict())
    run.artifact("weights.pt", kind="weights")
    run.log(test_accuracy=(logits.argmax(1) == test_labels).double().mean())


labrun.main(train, defaults=DEFAULTS)
