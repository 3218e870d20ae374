"""The benchmarks' networks in plain PyTorch, layer by layer and name by name those of labrun.

Each family of networks is a module. Initial weights are drawn from labrun's distributions. Where an operation can be
written in several ways that give the same numbers, the one that PyTorch runs fastest is used.
"""
