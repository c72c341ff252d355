"""Tests of pretrain.py: tiny models on eight-pixel pictures.

    python -m unittest discover tools
"""

import json
import pathlib
import sys
import tempfile
import unittest
import zlib

import numpy as np
import torch

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))
import draws
import pretrain
import tensors

SPLITS = {"train": 12, "validation": 40, "heldout-pairs": 8}
VQVAE = [
    "channelMultipliers=[1,1]",
    "sides=[1,2,4]",
    "latentChannels=4",
    "codes=16",
    "batch=4",
    "plainSteps=2",
    "reseedImages=4",
]
SWITTI = [
    "sides=[1,2,4]",
    "latentChannels=4",
    "codes=16",
    "depth=2",
    "width=64",
    "heads=2",
    "textWidth=8",
    "pooledWidth=8",
    "batch=4",
]


def draw_data_set(directory, side=8, seed=1):
    """Noise: what is tested here does not depend on what pictures show."""
    directory.mkdir()
    index = {"size": side, "seed": seed, "encoding": "zlib-rgb-left-delta", "splits": {}}
    index |= {"things": [{"name": "thing"}], "styles": [{"name": "style"}]}
    for split, count in SPLITS.items():
        deltas = draws.below(seed, split, count * side * side * 3, 256).astype(np.uint8).reshape(count, -1)
        shard, lines = b"", []
        for delta in deltas:
            picture = zlib.compress(delta.tobytes())
            entry = {"offset": len(shard), "length": len(picture), "caption": "", "thingIndex": 0, "styleIndex": 0}
            lines.append(json.dumps(entry))
            shard += picture
        (directory / f"{split}-000.bin").write_bytes(shard)
        (directory / f"{split}-000.jsonl").write_text("\n".join(lines) + "\n")
        index["splits"][split] = {"count": count, "shards": [{"name": f"{split}-000"}]}
    (directory / "dataset.json").write_text(json.dumps(index))


class PretrainTest(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.root = pathlib.Path(folder.name)
        draw_data_set(self.root / "data")
        torch.set_num_threads(1)

    def run_command(self, command, run, settings, *more):
        data = [] if "--data" in more else ["--data", self.root / "data"]
        pretrain.main([command, *map(str, [*data, "--run", self.root / run, *more]), "--set", *settings])
        return self.root / run

    def train_vqvae(self, run, steps, *settings, more=()):
        return self.run_command("vqvae", run, [*VQVAE, *settings, f"steps={steps}"], *more)

    def train_switti(self, run, vqvae, *more, settings=()):
        features = self.root / "features.safetensors"
        tensors.write(features, {"tokens": np.ones((2, 8), np.float16), "begin": np.array([0, 2])})
        features.with_suffix(".json").write_text('[""]')
        return self.run_command("switti", run, [*SWITTI, *settings, "steps=1"], "--vqvae", vqvae, "--features", features, *more)

    def test_pictures_of_another_size_than_the_tokenizers_are_refused(self):
        larger = "channelMultipliers=[1,1,1]"
        with self.assertRaisesRegex(SystemExit, "8 px.* 16 px.*--size 16"):
            self.train_vqvae("refused", 1, larger)
        draw_data_set(self.root / "larger", side=16)
        tokenizer = self.train_vqvae("tokenizer", 1, larger, more=("--data", self.root / "larger"))
        with self.assertRaisesRegex(SystemExit, "8 px.* 16 px.*--size 16"):
            self.train_switti("switti", tokenizer)

    def test_a_refused_command_leaves_its_run_as_it_was(self):
        run = self.train_vqvae("run", 1)
        settings = (run / "run.json").read_text()
        for change in ("codes=32", "channels=64", "discriminator=1", "unknown=1"):
            with self.subTest(change), self.assertRaises(SystemExit):
                self.train_vqvae("run", 2, change)
        with self.assertRaisesRegex(SystemExit, "run of vqvae"):
            self.train_switti("run", run)
        self.assertEqual((run / "run.json").read_text(), settings)
        self.train_vqvae("run", 2)

    def test_a_run_cannot_start_from_settings_that_are_not_there(self):
        slim = self.root / "slim"
        pretrain.main(["slim", "--run", str(self.train_vqvae("run", 1)), "--out", str(slim / "checkpoint.safetensors")])
        for other in (slim, self.root / "typo"):
            with self.assertRaisesRegex(SystemExit, "has no run.json"):
                self.train_vqvae("new", 1, more=("--from", other))
        self.assertFalse((self.root / "new").exists())

    def test_a_run_that_trained_its_encoder_does_not_become_one_of_the_decoder_alone(self):
        run = self.train_vqvae("run", 1)
        with self.assertRaisesRegex(SystemExit, "--from"):
            self.train_vqvae("run", 2, "decoderOnly=true")
        self.train_vqvae("decoder", 1, "decoderOnly=true", more=("--from", run))
        self.train_vqvae("decoder", 2)

    def test_latents_are_kept_for_the_same_data_and_tokenizer_alone(self):
        latents = lambda vqvae: {path.name for path in vqvae.glob("latents-*.f16")}
        first = self.train_vqvae("first", 1)
        self.train_switti("one", first)
        self.train_switti("same", first)
        self.assertEqual(len(latents(first)), 1)
        draw_data_set(self.root / "other", seed=2)
        self.train_switti("other-data", first, "--data", self.root / "other")
        self.assertEqual(len(latents(first)), 2)
        second = self.train_vqvae("second", 1, "seed=2")
        self.train_switti("other-tokenizer", second)
        self.assertTrue(latents(second).isdisjoint(latents(first)))

    def test_only_a_causal_transformer_draws_with_a_cache(self):
        vqvae = self.train_vqvae("tokenizer", 1)
        weights, metadata = pretrain.finished(vqvae, "cpu")
        tokenizer = pretrain.vqvae_program(json.loads(metadata["settings"])["architecture"], "cpu")
        text = [torch.ones(1, 1, 8), torch.zeros(1, 1), torch.ones(1, 8)]
        for causal, cached in ((True, [1, 4, 4]), (False, [1, 1, 1])):
            transformer = self.train_switti(f"switti-{causal}", vqvae, settings=[f"causal={json.dumps(causal)}"])
            drawer, metadata = pretrain.finished(transformer, "cpu")
            architecture = json.loads(metadata["settings"])["architecture"]
            watched = Watched(pretrain.switti_program(architecture, "cpu"))
            sampler = pretrain.Sampler(tokenizer, weights, watched, architecture, "cpu")
            maps, _ = sampler.codes(drawer, text, text, 1.0, draws.noise(1, 0, 1))
            self.assertEqual([tokens.shape[1] for tokens in maps], [1, 4, 16])
            self.assertEqual(watched.cached, cached)


class Watched:
    """A transformer's program that keeps how many tensors of a cache each forward was given; one stands for none."""

    def __init__(self, model):
        self.model, self.prepare, self.cached = model, model.prepare, []

    def forward(self, *arguments):
        self.cached.append(len(arguments[6]))
        return self.model.forward(*arguments)


if __name__ == "__main__":
    unittest.main()
