"""The benchmarks' networks in plain PyTorch, layer by layer and name by name those of labrun.

Each family of networks is a module. Initial weights are drawn from labrun's distributions. Space-to-depth,
the channel shuffle and maxima are written in the way that was fastest in channels_last, of several that were tried.
"""
