"""Reads the data sets that the Java command `dataset` writes (io.diptych.pretrain.data)."""

import json
import multiprocessing
import pathlib
import zlib

import numpy as np
import torch

ENCODING = "zlib-rgb-left-delta"

# What a forked process decodes from: inherited, because sending it would copy every shard.
_forked = []


def _rgb_of_forked(i):
    return _forked[0].rgb(i)


class Dataset:
    """One split, decoded on demand from memory-mapped shards."""

    def __init__(self, directory, split):
        directory = pathlib.Path(directory)
        index = json.loads((directory / "dataset.json").read_text())
        if index["encoding"] != ENCODING:
            raise ValueError(f"{directory} is encoded as {index['encoding']}, this reads {ENCODING}")
        self.size = index["size"]
        self.things = index["things"]
        self.styles = index["styles"]
        self.entries = []
        self.shards = []
        for shard in index["splits"][split]["shards"]:
            self.shards.append(np.memmap(directory / (shard["name"] + ".bin"), np.uint8, "r"))
            for line in open(directory / (shard["name"] + ".jsonl"), encoding="utf-8"):
                self.entries.append((len(self.shards) - 1, json.loads(line)))
        self.captions = [entry["caption"] for _, entry in self.entries]
        self.labels = np.array([(e["thingIndex"], e["styleIndex"]) for _, e in self.entries])
        self.pixels = None

    def __len__(self):
        return len(self.entries)

    def rgb(self, i):
        """(size, size, 3), bytes."""
        shard, entry = self.entries[i]
        begin = entry["offset"]
        data = zlib.decompress(self.shards[shard][begin : begin + entry["length"]])
        delta = np.frombuffer(data, np.uint8).reshape(self.size, self.size, 3)
        return delta.cumsum(1, dtype=np.uint8)

    def pictures(self, indices, mirrored, device):
        """As planes, as a tensor on a device. A GPU gets all pictures once and picks from them."""
        if device == "cpu":
            return torch.tensor(self.planes(indices, mirrored))
        if self.pixels is None:
            _forked.append(self)
            with multiprocessing.get_context("fork").Pool() as pool:
                decoded = np.stack(pool.map(_rgb_of_forked, range(len(self)), 256))
                # In order: workers inherit the loop's signal handlers, and terminating them would wait for ever.
                pool.close()
                pool.join()
            _forked.clear()
            self.pixels = torch.tensor(decoded, device=device)
        picked = self.pixels[torch.as_tensor(np.asarray(indices), device=device)]
        mirrored = torch.as_tensor(np.asarray(mirrored)[: len(indices)], device=device).view(-1, 1, 1, 1)
        picked = torch.where(mirrored, picked.flip(2), picked)
        return picked.permute(0, 3, 1, 2).to(torch.float32, memory_format=torch.contiguous_format) / 127.5 - 1

    def planes(self, indices, mirrored):
        """(B,3,size,size) in [-1,1]; mirrored (B,) tells which to turn left to right."""
        out = np.empty((len(indices), 3, self.size, self.size), np.float32)
        for b, i in enumerate(indices):
            rgb = self.rgb(i)
            out[b] = (rgb[:, ::-1] if mirrored[b] else rgb).transpose(2, 0, 1)
        return out / np.float32(127.5) - np.float32(1)
