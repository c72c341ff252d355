"""Safetensors and PNG files, with numpy and the standard library alone."""

import json
import os
import pathlib
import struct
import zlib

import numpy as np

TYPES = {"F32": np.float32, "F16": np.float16, "I64": np.int64, "I32": np.int32, "U8": np.uint8}
NAMES = {np.dtype(t): name for name, t in TYPES.items()}
LARGEST_FIRST = ("I64", "F32", "I32", "F16", "U8")


def read(path):
    """Name to array, and the header's free text. Arrays are views of the memory-mapped file."""
    with open(path, "rb") as f:
        (length,) = struct.unpack("<Q", f.read(8))
        header = json.loads(f.read(length))
    metadata = header.pop("__metadata__", {})
    content = np.memmap(path, np.uint8, "r", 8 + length)
    arrays = {}
    for name, entry in header.items():
        begin, end = entry["data_offsets"]
        arrays[name] = content[begin:end].view(TYPES[entry["dtype"]]).reshape(entry["shape"])
    return arrays, metadata


def write(path, arrays, metadata=None):
    """Writes one file; it appears complete or not at all."""
    arrays = {name: np.asarray(a, order="C") for name, a in arrays.items()}
    order = sorted(arrays, key=lambda n: (LARGEST_FIRST.index(NAMES[arrays[n].dtype]), n))
    header, offset = {}, 0
    if metadata:
        header["__metadata__"] = metadata
    for name in order:
        a = arrays[name]
        header[name] = {
            "dtype": NAMES[a.dtype],
            "shape": list(a.shape),
            "data_offsets": [offset, offset + a.nbytes],
        }
        offset += a.nbytes
    text = json.dumps(header, separators=(",", ":")).encode()
    text += b" " * (-(8 + len(text)) % 8)
    with replacing(path) as f:
        f.write(struct.pack("<Q", len(text)) + text)
        for name in order:
            f.write(arrays[name].tobytes())


class replacing:
    """A file to write that takes the place of `path` when it is complete."""

    def __init__(self, path):
        self.path = pathlib.Path(path)
        self.part = self.path.with_name(self.path.name + ".part")

    def __enter__(self):
        self.path.parent.mkdir(parents=True, exist_ok=True)
        self.file = open(self.part, "wb")
        return self.file

    def __exit__(self, kind, *_):
        self.file.flush()
        os.fsync(self.file.fileno())
        self.file.close()
        if kind is None:
            os.replace(self.part, self.path)
        else:
            self.part.unlink()


def write_png(path, pixels):
    """pixels (H,W,3), bytes."""
    height, width, _ = pixels.shape
    rows = np.zeros((height, 1 + 3 * width), np.uint8)
    rows[:, 1:] = pixels.reshape(height, -1)

    def chunk(kind, data):
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    with replacing(path) as f:
        f.write(b"\x89PNG\r\n\x1a\n")
        f.write(chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)))
        f.write(chunk(b"IDAT", zlib.compress(rows.tobytes(), 6)) + chunk(b"IEND", b""))


def sheet(images, columns):
    """images (N,3,H,W) in [-1,1] -> one picture (rows * H, columns * W, 3), bytes."""
    n, _, height, width = images.shape
    rows = -(-n // columns)
    out = np.full((rows * height, columns * width, 3), 255, np.uint8)
    for i, image in enumerate(images):
        y, x = i // columns * height, i % columns * width
        pixels = np.clip((image + 1) * 127.5 + 0.5, 0, 255).astype(np.uint8)
        out[y : y + height, x : x + width] = pixels.transpose(1, 2, 0)
    return out
