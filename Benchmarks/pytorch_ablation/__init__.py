"""The training runs of `Experiments/ablation.json` in PyTorch, for `ablation_speed.py`."""
