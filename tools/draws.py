"""Random numbers and initial weights by formula, the same in Java (io.diptych.engine.training.Draws, InitialWeights).

A number depends on a seed, a name and a position alone, so a run needs no generator state to be resumed.
"""

import zlib

import numpy as np

WORD = np.uint64(0xFFFFFFFF)
LONG = 0xFFFFFFFFFFFFFFFF


def words(seed, name, count):
    """count 32-bit words: a multiplicative sequence under the finaliser of MurmurHash3."""
    h = np.uint64(zlib.crc32(name.encode()) ^ (seed * 2654435761 & 0xFFFFFFFF))
    x = (np.arange(count, dtype=np.uint64) * np.uint64(0x9E3779B1) + h) & WORD
    x ^= x >> np.uint64(16)
    x = x * np.uint64(0x85EBCA6B) & WORD
    x ^= x >> np.uint64(13)
    x = x * np.uint64(0xC2B2AE35) & WORD
    return x ^ (x >> np.uint64(16))


def uniform(seed, name, count):
    """count numbers in [0,1)."""
    return words(seed, name, count).astype(np.float64) / 4294967296.0


def below(seed, name, count, bound):
    """count integers in [0,bound)."""
    return (words(seed, name, count) % np.uint64(bound)).astype(np.int64)


def permutation(seed, name, count):
    """0..count-1 in the order of their words."""
    return np.argsort(words(seed, name, count), kind="stable")


def window(seed, step):
    """Through which window the style loss looks: first row and column, 0 to 4, and whether in a mirror, 0 or 1."""
    bounds = {"down": 5, "across": 5, "mirror": 2}
    return [int(below(seed, f"view.{way}.{step}", 1, bound)[0]) for way, bound in bounds.items()]


def initial(shapes, seed):
    """The weights a model starts from: name to shape -> name to array (F32)."""
    return {name: tensor(name, shape, seed) for name, shape in shapes.items()}


def noise(seed, first, count):
    """Keys (count,2) of the noise of pictures first, first + 1, ... of a seed, as engine.sample.NoiseStream has them."""
    keys = []
    for image in range(first, first + count):
        z = seed + (image + 1) * 0x9E3779B97F4A7C15 & LONG
        z = (z ^ z >> 30) * 0xBF58476D1CE4E5B9 & LONG
        z = (z ^ z >> 27) * 0x94D049BB133111EB & LONG
        z ^= z >> 31
        keys.append((z & 0xFFFFFFFF, z >> 32))
    return np.array(keys, np.int64)


def tensor(name, shape, seed):
    """One weight: uniform around a centre, see deviation() and centre()."""
    count = int(np.prod(shape))
    spread = deviation(name, shape) * 3**0.5
    values = spread * (2.0 * uniform(seed, name, count) - 1.0)
    return (values + centre(name, shape)).astype(np.float32).reshape(shape)


def deviation(name, shape):
    """Standard deviation."""
    if name.endswith(".bias") or "norm" in name:
        return 0.0
    if name in ("pos_start", "lvl_embed.weight"):
        return 0.1
    if name == "quantize.embedding.weight":
        return 0.02
    fan_in = int(np.prod(shape[1:]))
    return gain(name) / fan_in**0.5


def gain(name):
    if name == "head.weight" or ".ada_lin." in name or ".qresi_ls." in name:
        return 0.2
    if ".conv2." in name or ".proj_out." in name:
        return 0.5
    if name == "text_pooler.weight":
        return 4.0
    return 1.0


def centre(name, shape):
    """What the numbers lie around: a number, or an array that fits the flat tensor."""
    if name.endswith("cross_attention_norm2.weight"):
        return 0.3
    if name.endswith(".weight") and "norm" in name:
        return 1.0
    if name.startswith("blocks.") and name.endswith("ada_lin.1.bias"):
        return np.where(np.arange(shape[0]) < shape[0] // 3, 0.3, 0.0)  # both gates
    if ".qresi_ls." in name and name.endswith(".weight"):
        flat = np.arange(int(np.prod(shape)))
        output, rest = flat // (shape[1] * 9), flat % (shape[1] * 9)
        return np.where(rest == output * 9 + 4, 1.0, 0.0)  # begins near the identity
    return 0.0
