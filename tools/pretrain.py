"""Trains the pocket backbone with plain PyTorch: a thin loop around the programs of the service.

The Java command `pretrain` does the same through DJL. Runs are directories with the same files, so a run may move
between the two: run.json (what is trained, and how), checkpoint.safetensors (weights, AdamW moments, moving average,
step), log.jsonl, samples/. All randomness is by formula from seed and step (draws.py), so a resumed run equals an
uninterrupted one.

    python tools/pretrain.py vqvae --data DATA --run RUN/vqvae [--set steps=40000 rate=1e-3]
    python tools/pretrain.py judges --kind content --data DATA --run RUN/content-judge
    python tools/pretrain.py switti --data DATA --features FEATURES --vqvae RUN/vqvae --run RUN/switti
    python tools/pretrain.py slim --run RUN/switti --out SLIM/switti/checkpoint.safetensors
"""

import argparse
import concurrent.futures
import hashlib
import json
import math
import pathlib
import signal
import sys
import time

import numpy as np
import torch

import architectures
import draws
import program
import tensors
from dataset import Dataset

SETTINGS = pathlib.Path(__file__).resolve().parent.parent / "src/main/resources/pretrain"


class Run:
    """A run's directory: its settings, checkpoint, log and samples."""

    def __init__(self, model, options, changes, helpers=lambda architecture, recipe: {}):
        """helpers: the shapes of what is trained beside the model and not shipped."""
        self.directory = pathlib.Path(options.run)
        self.device = options.device
        self.log_every = options.log_every
        other = getattr(options, "start", None)
        source = SETTINGS / f"{model}.json"
        if self.file.exists():
            source = self.file
        elif other:
            source = pathlib.Path(other) / "run.json"
            if not source.exists():
                raise SystemExit(
                    f"{other} has no run.json, whose settings a new run starts from. Name the directory of a run; what"
                    " slim writes needs a copy of that file beside it."
                )
        self.settings = json.loads(source.read_text())
        if self.settings["model"] != model:
            raise SystemExit(f"{source} is of a run of {self.settings['model']}, not of {model}.")
        defaults = json.loads((SETTINGS / f"{model}.json").read_text())
        # What came later than the run: of the recipe the defaults, of the architecture 0, for parts that its model does not have.
        self.settings["recipe"] = defaults["recipe"] | self.settings["recipe"]
        self.settings["architecture"] = dict.fromkeys(defaults["architecture"], 0) | self.settings["architecture"]
        for change in changes:
            name, _, value = change.partition("=")
            part = self.settings["recipe"] if name in self.settings["recipe"] else self.settings["architecture"]
            if name == "seed":
                part = self.settings
            elif name not in part:
                raise SystemExit(f"There is no setting {name}.")
            part[name] = json.loads(value)
        self.seed = self.settings["seed"]
        self.recipe = self.settings["recipe"]
        self.architecture = self.settings["architecture"]
        self.step = 0
        self.weights, self.state = {}, {}
        shapes = getattr(architectures, model)(self.architecture) | helpers(self.architecture, self.recipe)
        if self.checkpoint.exists():
            self._load()
        else:
            self._initialise(pathlib.Path(other) / "checkpoint.safetensors" if other else None, shapes)
        wrong = [name for name, shape in shapes.items() if name not in self.weights or self.weights[name].shape != shape]
        if wrong:
            raise SystemExit(
                f"{self.checkpoint if self.checkpoint.exists() else other} has no {wrong[0]} of the size that the"
                " settings ask for. Leave sizes as they are, or start another run."
            )
        self.lanes = concurrent.futures.ThreadPoolExecutor(options.lanes) if options.lanes > 1 else None
        self.stopping = False
        self.sums, self.count, self.since = None, 0, time.time()
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, self._stop)

    @property
    def file(self):
        return self.directory / "run.json"

    @property
    def checkpoint(self):
        return self.directory / "checkpoint.safetensors"

    def _stop(self, *_):
        self.stopping = True

    def _initialise(self, other, shapes):
        """Weights by formula, or the averages of another run where it has them; everything else at zero."""
        initial = draws.initial(shapes, self.seed)
        if other:
            arrays, _ = tensors.read(other)
            for name in shapes:
                # Drawn levels begin as the decoder's own.
                for source in ("average." + name, "average." + name.replace("decoder.drawn.", "decoder.")):
                    if source in arrays:
                        initial[name] = np.array(arrays[source])
                        break
        for name, array in initial.items():
            self.weights[name] = torch.tensor(array, device=self.device)
            self.state["first." + name] = torch.zeros_like(self.weights[name])
            self.state["second." + name] = torch.zeros_like(self.weights[name])
            self.state["average." + name] = self.weights[name].clone()
        if self.settings["model"] == "vqvae":
            self.state["hits"] = torch.zeros(self.architecture["codes"], device=self.device)

    def _load(self):
        arrays, metadata = tensors.read(self.checkpoint)
        self.step = int(metadata["step"])
        self.saved = json.loads(metadata["settings"])["recipe"]
        for name, array in arrays.items():
            tensor = torch.tensor(np.array(array), device=self.device)
            if name.startswith("weights."):
                self.weights[name.removeprefix("weights.")] = tensor
            else:
                self.state[name] = tensor

    def save(self):
        arrays = {"weights." + name: w.detach().cpu().numpy() for name, w in self.weights.items()}
        arrays |= {name: t.detach().cpu().numpy() for name, t in self.state.items()}
        metadata = {"step": str(self.step), "settings": json.dumps(self.settings)}
        tensors.write(self.checkpoint, arrays, metadata)
        print(f"saved step {self.step}", flush=True)

    def rate(self):
        """Warm-up, constant, then a cosine down to a fiftieth."""
        r = self.recipe
        rate = r["rate"] * min(1.0, (self.step + 1) / r["warmUp"])
        if self.step > r["decayFrom"]:
            t = min(1.0, (self.step - r["decayFrom"]) / max(1, r["steps"] - r["decayFrom"]))
            rate *= 0.02 + 0.98 * 0.5 * (1 + math.cos(math.pi * t))
        return rate

    def schedule(self, *more):
        r = self.recipe
        average = min(r["average"], (1 + self.step) / (10 + self.step))
        values = [self.rate(), r["beta1"], r["beta2"], 1e-8, r["weightDecay"], r["clip"], self.step + 1, average]
        return torch.tensor([*values, *more], dtype=torch.float32)  # on the processor: programs read it as numbers

    def averages(self):
        return {name: self.state["average." + name] for name in self.weights}

    def report(self, values, names, batch):
        """Adds a step's figures; writes a line with their means now and then."""
        values = values.detach().tolist()  # at once: the tensor may hold on to everything it was computed from
        self.sums = [a + b for a, b in zip(self.sums, values)] if self.sums else values
        self.count += 1
        if (self.step + 1) % self.log_every == 0:
            means = [value / self.count for value in self.sums]
            speed = self.count * batch / (time.time() - self.since)
            line = {"step": self.step + 1, "images": (self.step + 1) * batch, "rate": self.rate(), "imagesPerSecond": speed}
            self.log(line | dict(zip(names, means)))
            self.sums, self.count, self.since = None, 0, time.time()

    def log(self, line):
        line = {k: float(f"{v:.5g}") if isinstance(v, float) else v for k, v in line.items()}
        with open(self.directory / "log.jsonl", "a") as f:
            f.write(json.dumps(line) + "\n")
        print(json.dumps(line), flush=True)

    def sheet(self, name, images, columns):
        tensors.write_png(self.directory / "samples" / f"{name}.png", tensors.sheet(images, columns))

    def batch(self, purpose, count, size):
        """Which images step `step` sees, and which of them mirrored."""
        index = draws.below(self.seed, f"{purpose}.image.{self.step}", count, size)
        mirror = draws.below(self.seed, f"{purpose}.mirror.{self.step}", count, 2) == 1
        return index, mirror

    def in_lanes(self, model, batch, shared, schedule, judge={}):
        """One step whose gradients are found by several threads, each for a part of the batch. Two threads that meet
        once a step are faster than two that meet at every operation, above all beside other work."""
        count = self.lanes._max_workers
        weights = self.weights | judge
        parts = zip(*[[tensor[lane::count] for lane in range(count)] for tensor in batch])
        found = list(self.lanes.map(lambda part: model.gradients(weights, *part, *shared), parts))
        means = [sum(same) / count for same in zip(*found)]
        return model.optimise(weights, self.state, means, schedule)

    def keep_settings(self):
        """Once all is checked: a refused command must leave a run as it was."""
        with tensors.replacing(self.file) as f:
            f.write((json.dumps(self.settings, indent=2) + "\n").encode())

    def loop(self, minutes, save_minutes, sample_every, step, sample):
        self.keep_settings()
        begun = saved = time.time()
        if self.step == 0:
            sample()  # where it begins
        while self.step < self.recipe["steps"] and not self.stopping:
            step()
            self.step += 1
            if self.step % sample_every == 0:
                sample()
            if time.time() - saved > save_minutes * 60:
                self.save()
                saved = time.time()
            if minutes and time.time() - begun > minutes * 60:
                break
        self.save()
        sample()


def finished(directory, device):
    """The averaged weights of another run, and what its checkpoint says of itself."""
    arrays, metadata = tensors.read(pathlib.Path(directory) / "checkpoint.safetensors")
    weights = {
        name.removeprefix("average."): torch.tensor(np.array(a), device=device)
        for name, a in arrays.items()
        if name.startswith("average.")
    }
    return weights, metadata


def vqvae_program(architecture, device, half_precision=False):
    attributes = {
        "half_precision": half_precision,
        "levels": len(architecture["channelMultipliers"]),
        "residual_blocks": architecture["residualBlocks"],
        "sides": architecture["sides"],
    }
    return program.load("vqvae", attributes, device)


def switti_program(architecture, device, half_precision=False):
    attributes = {
        "depth": architecture["depth"],
        "heads": architecture["heads"],
        "sides": architecture["sides"],
        "rope_theta": architecture["ropeTheta"],
        "rope_size": architecture["ropeSize"],
        "causal": architecture["causal"],
        "crop_condition": False,  # every picture is whole: there is nothing to learn of crops
        "half_precision": half_precision,
    }
    return program.load("switti", attributes, device)


def require_size(data, architecture):
    """Pictures of another size would give token maps of other sides than the settings say."""
    resolution = architecture["sides"][-1] * 2 ** (len(architecture["channelMultipliers"]) - 1)
    if data.size != resolution:
        raise SystemExit(
            f"The data set has pictures of {data.size} px, the VQ-VAE takes {resolution} px. Name a data set made with"
            f" --size {resolution}, or a VQ-VAE for {data.size} px: the last of sides, doubled for every entry of"
            " channelMultipliers but one."
        )


def whole(count, device):
    """(count,4) height, width, top, left: nothing was cut off. Every generation asks for this, so training shows it too."""
    return torch.tensor([[512, 512, 0, 0]], device=device).repeat(count, 1)


def vqvae(options):
    judge = finished(options.judge, options.device)[0] if options.judge else {}

    def helpers(architecture, recipe):
        shapes = architectures.discriminator(architecture) if recipe["discriminator"] else {}
        if recipe["distillation"] and judge:
            shapes |= architectures.reader(architecture, len(judge["head.bias"]))
        return shapes

    run = Run("vqvae", options, options.set, helpers)
    model = vqvae_program(run.architecture, options.device, options.bf16)
    train, held = Dataset(options.data, "train"), Dataset(options.data, options.sample_split)
    fixed = held.pictures(range(min(256, len(held))), np.zeros(256, bool), options.device)
    tokens = sum(side * side for side in run.architecture["sides"])
    recipe = run.recipe

    def images(purpose, count):
        index, mirror = run.batch(purpose, count, len(train))
        return train.pictures(index, mirror, options.device)

    def reseed():
        count = recipe["reseedImages"]
        order = torch.tensor(draws.permutation(run.seed, f"reseed.{run.step}", count * tokens), device=options.device)
        return int(model.reseed(run.weights, run.state, images("reseed", count), order))

    figures = ("squared", "absolute", "codebook", "hinge", "features", "style", "divergence", "gradientNorm")
    decoder_only = recipe["decoderOnly"]
    if recipe["discriminator"] and not decoder_only:
        raise SystemExit("A discriminator teaches a decoder alone: set decoderOnly=true too, and --from a tokenizer.")
    if recipe["distillation"] and decoder_only:
        raise SystemExit("Distillation teaches an encoder: set decoderOnly=false, or distillation=0.")
    if decoder_only and run.step and not run.saved.get("decoderOnly"):
        raise SystemExit(
            f"{run.checkpoint} has trained its encoder, and what the optimiser and the average remember of that would go"
            " on to change the tokens. Start another run with --from, or set decoderOnly=false."
        )
    if recipe["drawn"] and not decoder_only:
        raise SystemExit("What a transformer draws teaches a decoder alone: set decoderOnly=true, or drawn=0.")
    if run.architecture.get("drawnLevels") and not decoder_only:
        raise SystemExit("drawnLevels=COUNT are learned alone: set decoderOnly=true too, and --from a tokenizer.")
    if recipe["drawn"] > 0.75:
        raise SystemExit("drawn=SHARE leaves a quarter of the pictures their own tokens: set 0.75 at most.")
    if bool(recipe["drawn"]) != bool(options.switti and options.features):
        raise SystemExit("--switti DIR and --features FILE go with drawn=SHARE, and it with them.")
    if bool(recipe["styleLoss"] or recipe["distillation"] or recipe["drawn"]) != bool(judge):
        raise SystemExit("--judge DIR goes with styleLoss=STRENGTH, drawn=SHARE or distillation=WEIGHT, and they with it.")
    require_size(train, run.architecture)
    judge = {"judge." + name: weight for name, weight in judge.items()}
    if recipe["drawn"]:
        drawer, metadata = finished(options.switti, options.device)
        architecture = json.loads(metadata["settings"])["architecture"]
        sampler = Sampler(model, run.averages(), switti_program(architecture, options.device), architecture, options.device)
        features = Features(options.features, options.device)

    def drawn():
        """Tokens (B,L) for the captions of the first pictures, unless they are empty; -1 where a picture keeps its own."""
        batch = recipe["batch"]
        index, _ = run.batch("vqvae", batch, len(train))
        rows = [i for i in range(round(recipe["drawn"] * batch)) if train.captions[index[i]]]
        drawn_or_own = torch.full((batch, tokens), -1, device=options.device)
        if rows:
            text = features.batch([train.captions[index[i]] for i in rows])
            keys = draws.noise(run.seed, run.step * batch, len(rows))
            maps, _ = sampler.codes(drawer, text, features.batch([""]), options.guidance, keys)
            drawn_or_own[rows] = torch.cat(maps, 1)
        return drawn_or_own

    def step():
        quantise = run.step >= recipe["plainSteps"]
        if 0 < run.step == recipe["plainSteps"] and not decoder_only:
            run.state["hits"].zero_()
            reseed()
            reseed()
        elif (
            run.step > recipe["plainSteps"]
            and not decoder_only
            and run.step % recipe["reseedEvery"] == 0
            and run.step < recipe["decayFrom"]
        ):
            run.log({"step": run.step, "reseeded": reseed()})
        begun = min(1.0, run.step / recipe["discriminatorWarmUp"])
        part = 2.0 if decoder_only else 1.0 if quantise else 0.0
        schedule = run.schedule(
            part,
            begun * recipe["discriminator"],
            recipe["discriminatorPace"],
            recipe["styleLoss"],
            recipe["distillation"],
            recipe["drawnStyleLoss"] if recipe["drawn"] else 0.0,
            *draws.window(run.seed, run.step),
        )
        batch = (images("vqvae", recipe["batch"]), drawn())
        if run.lanes:
            values = run.in_lanes(model, batch, (schedule,), schedule, judge)
        else:
            values = model.train_step(run.weights | judge, run.state, *batch, schedule)
        run.report(values, figures, recipe["batch"])

    def sample():
        w = run.averages()
        out, used = [], torch.zeros(run.architecture["codes"], dtype=torch.bool)
        with torch.no_grad():
            for part in fixed.split(32):
                maps, _ = model.quantize(w, model.encode(w, part))
                out.append(model.decode(w, model.assemble(w, maps)))
                for codes in maps:
                    used[codes.cpu().view(-1)] = True
        out = torch.cat(out)
        error = ((out - fixed) / 2).square().mean([1, 2, 3])
        psnr = (-10 * torch.log10(error)).mean()
        pooled = -10 * torch.log10(error.mean())
        run.log({"step": run.step, "psnr": float(psnr), "psnrOfMeanError": float(pooled), "codesUsed": int(used.sum())})
        pairs = torch.cat([fixed[:40].view(5, 8, *fixed.shape[1:]), out[:40].view(5, 8, *fixed.shape[1:])], 1)
        run.sheet(f"step-{run.step:06d}", pairs.flatten(0, 1).cpu().numpy(), 8)

    run.loop(options.minutes, options.save_minutes, options.sample_every, step, sample)


class Features:
    """Text features of captions, as the Java command `pretrain features` writes them."""

    def __init__(self, path, device):
        path = pathlib.Path(path)
        arrays, _ = tensors.read(path)
        self.tokens, self.begin = arrays["tokens"], arrays["begin"]
        captions = json.loads(path.with_suffix(".json").read_text())
        self.index = {caption: i for i, caption in enumerate(captions)}
        self.device = device

    def batch(self, captions):
        """-> context (B,T,D), bias (B,T) with -inf for padding, pooled (B,D) = mean of the real tokens"""
        rows = [self.index[caption.lower()] for caption in captions]  # the encoder reads no capitals
        spans = [self.begin[row : row + 2] for row in rows]
        longest = max(int(b - a) for a, b in spans)
        context = np.zeros((len(captions), longest, self.tokens.shape[1]), np.float32)
        bias = np.full((len(captions), longest), -np.inf, np.float32)
        pooled = np.zeros((len(captions), self.tokens.shape[1]), np.float32)
        for i, (a, b) in enumerate(spans):
            context[i, : b - a] = self.tokens[a:b]
            bias[i, : b - a] = 0
            pooled[i] = context[i, : b - a].mean(0)
        return [torch.tensor(t, device=self.device) for t in (context, bias, pooled)]


def digest(data, weights):
    """Of what latent maps depend on: the pictures, whose shards' digests dataset.json holds, and the tokenizer's averages.
    Data made anew or a tokenizer trained anew may have as many pictures and steps as before, but not the same digest."""
    found = hashlib.sha256((pathlib.Path(data) / "dataset.json").read_bytes())
    for name in sorted(weights):
        found.update(weights[name].cpu().numpy().tobytes())
    return found.hexdigest()[:12]


class Latents:
    """Latent maps of the training images, both ways round, rounded to F16. On a processor they are computed when first
    asked for and kept in a file; a GPU computes them anew each time."""

    def __init__(self, path, data, encode, shape, device):
        self.data, self.encode, self.device = data, encode, device
        if device != "cpu":
            return
        path.parent.mkdir(parents=True, exist_ok=True)
        full = (2 * len(data), *shape)
        mode = "r+" if path.exists() and path.stat().st_size == 2 * int(np.prod(full)) else "w+"
        self.values = np.memmap(path, np.float16, mode, shape=full)
        known = path.with_suffix(".known")
        self.known = np.memmap(known, np.uint8, mode if known.exists() else "w+", shape=(2 * len(data),))

    def get(self, index, mirror):
        if self.device != "cpu":
            return self.encode(self.data, index, mirror).half().float()
        rows = 2 * index + mirror
        missing = np.flatnonzero(self.known[rows] == 0)
        if len(missing):
            self.values[rows[missing]] = self.encode(self.data, index[missing], mirror[missing]).numpy()
            self.known[rows[missing]] = 1
        return torch.tensor(np.array(self.values[rows], np.float32))


class Sampler:
    """Text to image, for sample sheets: scale by scale with guidance, top-k and top-p (backbones.md 2.5)."""

    def __init__(self, vqvae_model, vqvae_weights, switti_model, architecture, device):
        self.vqvae, self.vqvae_weights, self.switti = vqvae_model, vqvae_weights, switti_model
        self.sides, self.d, self.causal = architecture["sides"], architecture["latentChannels"], architecture["causal"]
        self.sampling = program.load("sampling", {}, device)
        self.device = device

    def __call__(self, weights, text, empty, guidance, keys):
        """text, empty: context, bias, pooled of B captions and of the empty one; keys (B,2) -> images (B,3,H,W)"""
        return self.vqvae.decode(self.vqvae_weights, self.codes(weights, text, empty, guidance, keys)[1])

    @torch.no_grad()
    def codes(self, weights, text, empty, guidance, keys, top_k=400, top_p=0.95):
        """-> tokens (B,n) of each scale, and their sum (B,d,P,P)"""
        i = lambda v: torch.tensor(v, device=self.device)
        none = torch.zeros(0, device=self.device)
        b = text[0].shape[0]
        context, bias, pooled = (self._join(t, e, b) for t, e in zip(text, empty))
        prepared = self.switti.prepare(weights, context, pooled, whole(2 * b, self.device))
        fhat = torch.zeros(b, self.d, self.sides[-1], self.sides[-1], device=self.device)
        keys = i(keys)
        k, p = torch.full((b,), top_k, device=self.device), torch.full((b,), top_p, device=self.device)
        x, cache, maps = none, [none], []
        for scale in range(len(self.sides)):
            twice = x if scale == 0 else torch.cat([x, x])
            logits, cache = self.switti.forward(
                weights, prepared, bias, twice, i(scale), i(scale), cache, [none], none, none, none, i(int(self.causal))
            )
            strength = torch.full((b,), guidance * scale / (len(self.sides) - 1), device=self.device)
            logits = self.sampling.guide(logits, strength)
            maps.append(self.sampling.draw(logits, k, p, keys, i(scale)))
            fhat, x = self.vqvae.accumulate(self.vqvae_weights, fhat, maps[-1], i(scale))
        return maps, fhat

    @staticmethod
    def _join(text, empty, b):
        empty = empty.expand(b, *empty.shape[1:])
        if text.dim() == 2 and text.shape[1] == empty.shape[1]:
            return torch.cat([text, empty])
        longest = max(text.shape[1], empty.shape[1])
        fill = -math.inf if text.dim() == 2 else 0.0
        pad = lambda t: torch.nn.functional.pad(t, (0,) * (2 * (t.dim() - 2)) + (0, longest - t.shape[1]), value=fill)
        return torch.cat([pad(text), pad(empty)])


def switti(options):
    run = Run("switti", options, options.set)
    recipe, architecture = run.recipe, run.architecture
    vq_weights, metadata = finished(options.vqvae, options.device)
    vq_architecture = json.loads(metadata["settings"])["architecture"]
    vq = vqvae_program(vq_architecture, options.device)
    model = switti_program(architecture, options.device, options.bf16)
    exact = switti_program(architecture, options.device)
    train = Dataset(options.data, "train")
    require_size(train, vq_architecture)
    features = Features(options.features, options.device)
    side, d = architecture["sides"][-1], architecture["latentChannels"]
    tokens = sum(s * s for s in architecture["sides"])
    token_weights = torch.full((tokens,), 1.0 / tokens, device=options.device)
    crop = whole(recipe["batch"], options.device)
    names = ["gradientNorm"] + [f"scale{k}" for k in range(len(architecture["sides"]))]

    def encode(data, index, mirror):
        with torch.no_grad():
            return vq.encode(vq_weights, data.pictures(index, mirror, options.device))

    latents = Latents(
        pathlib.Path(options.vqvae) / f"latents-{metadata['step']}-{digest(options.data, vq_weights)}.f16",
        train,
        encode,
        (d, side, side),
        options.device,
    )

    def noisily(f, name, flip):
        """Tokens and inputs with random code flips, of a strength drawn for each image."""
        b = f.shape[0]
        noise = draws.uniform(run.seed, f"{name}.noise", b * tokens).reshape(b, tokens)
        strength = draws.uniform(run.seed, f"{name}.strength", b)
        noise = torch.tensor((noise / np.maximum(strength, 1e-6)[:, None]).astype(np.float32), device=options.device)
        codes = draws.below(run.seed, f"{name}.codes", b * tokens, architecture["codes"]).reshape(b, tokens)
        flips = torch.full((len(architecture["sides"]),), flip, device=options.device)
        with torch.no_grad():
            return vq.quantize_noisily(vq_weights, f, flips, noise, torch.tensor(codes, device=options.device))

    def step():
        b = recipe["batch"]
        index, mirror = run.batch("switti", b, len(train))
        f = latents.get(index, mirror)
        targets, x = noisily(f, f"switti.{run.step}", recipe["flip"])
        dropped = draws.uniform(run.seed, f"switti.drop.{run.step}", b) < recipe["dropCaption"]
        captions = ["" if drop else train.captions[i] for i, drop in zip(index, dropped)]
        context, bias, pooled = features.batch(captions)
        batch, schedule = (context, bias, pooled, crop, x, targets), run.schedule()
        if run.lanes:
            values = run.in_lanes(model, batch, (token_weights,), schedule)
        else:
            values = model.train_step(run.weights, run.state, *batch, token_weights, schedule)
        run.report(values, names, b)

    sampler = Sampler(vq, vq_weights, exact, architecture, options.device)
    splits = {name: Dataset(options.data, name) for name in ("validation", "heldout-pairs")}
    held = {name: {} for name in splits}
    for name, data in splits.items():
        count = min(96, len(data))
        with torch.no_grad():
            maps, x = vq.quantize(vq_weights, encode(data, range(count), np.zeros(count, bool)))
        held[name] = (torch.cat(maps, 1), x, features.batch(data.captions[:count]))

    @torch.no_grad()
    def cross_entropy(w, targets, x, text):
        none = torch.zeros(0, device=options.device)
        i = lambda v: torch.tensor(v, device=options.device)
        found = []
        for part in torch.arange(targets.shape[0], device=options.device).split(32):
            context, bias, pooled = (t[part] for t in text)
            prepared = exact.prepare(w, context, pooled, whole(len(part), options.device))
            last = len(architecture["sides"]) - 1
            logits, _ = exact.forward(
                w, prepared, bias, x[part], i(0), i(last), [none], [none], none, none, none, i(0)
            )
            found.append(torch.nn.functional.cross_entropy(logits.transpose(1, 2), targets[part], reduction="none"))
        ce = torch.cat(found).mean(0)
        return [float(part.mean()) for part in ce.split([s * s for s in architecture["sides"]])] + [float(ce.mean())]

    def sample():
        w = run.averages()
        for name, (targets, x, text) in held.items():
            line = dict(zip([*names[1:], "all"], cross_entropy(w, targets, x, text)))
            run.log({"step": run.step, "split": name} | line)
        captions = splits["validation"].captions[:32] + splits["heldout-pairs"].captions[:16]
        keys = draws.noise(run.seed, 0, len(captions))
        images = sampler(w, features.batch(captions), features.batch([""]), options.guidance, keys)
        run.sheet(f"step-{run.step:06d}", images.cpu().numpy(), 8)
        if not (run.directory / "samples" / "captions.txt").exists():
            (run.directory / "samples" / "captions.txt").write_text("\n".join(captions) + "\n")

    run.loop(options.minutes, options.save_minutes, options.sample_every, step, sample)


def judge(options):
    """The content judge names the thing, the style judge the style; both see the training split alone."""
    train = Dataset(options.data, "train")
    kind = ("content", "style").index(options.kind)
    classes = len((train.things, train.styles)[kind])
    run = Run("judge", options, [f"classes={classes}", *options.set])
    recipe = run.recipe
    model = program.load("judge", {"half_precision": options.bf16}, options.device)
    splits = {name: Dataset(options.data, name) for name in ("validation", "heldout-pairs")}

    def step():
        b, reach = recipe["batch"], recipe["shift"]
        index, mirror = run.batch("judge", b, len(train))
        planes = train.planes(index, mirror)
        across, down = (draws.below(run.seed, f"judge.{d}.{run.step}", b, 2 * reach + 1) for d in ("across", "down"))
        padded = np.pad(planes, ((0, 0), (0, 0), (reach, reach), (reach, reach)), "edge")
        size = train.size
        for i in range(b):
            planes[i] = padded[i, :, down[i] : down[i] + size, across[i] : across[i] + size]
        if recipe["noise"]:
            loudness = recipe["noise"] * draws.uniform(run.seed, f"judge.loudness.{run.step}", b)
            noise = 2 * draws.uniform(run.seed, f"judge.noise.{run.step}", planes.size).reshape(planes.shape) - 1
            planes = (planes + loudness[:, None, None, None] * noise).astype(np.float32)
        labels = torch.tensor(train.labels[index, kind], device=options.device)
        images = torch.tensor(planes, device=options.device)
        values = model.train_step(run.weights, run.state, images, labels, run.schedule(recipe["smoothing"]))
        run.report(values, ("gradientNorm", "crossEntropy", "accuracy"), b)

    def sample():
        for name, data in splits.items():
            top1 = top5 = 0
            count = min(len(data), 1500)
            for begin in range(0, count, 100):
                index = range(begin, min(begin + 100, count))
                planes = data.pictures(index, np.zeros(100, bool), options.device)
                with torch.no_grad():
                    best = model.judge(run.averages(), planes).topk(5, 1).indices.cpu()
                hit = best == torch.tensor(data.labels[list(index), kind])[:, None]
                top1, top5 = top1 + int(hit[:, 0].sum()), top5 + int(hit.any(1).sum())
            run.log({"step": run.step, "split": name, "top1": top1 / count, "top5": top5 / count})

    run.loop(options.minutes, options.save_minutes, options.sample_every, step, sample)


def slim(options):
    """What is shipped of a run, the averaged weights in F16, as a checkpoint that `pretrain export` takes."""
    arrays, metadata = tensors.read(pathlib.Path(options.run) / "checkpoint.safetensors")
    averages = {
        name: a.astype(np.float16)
        for name, a in arrays.items()
        if name.startswith("average.") and not name.startswith(("average.discriminator.", "average.reader."))
    }
    tensors.write(options.out, averages, metadata)


def main(arguments):
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    commands = parser.add_subparsers(required=True)
    for name, command in (("vqvae", vqvae), ("switti", switti), ("judges", judge)):
        p = commands.add_parser(name)
        p.set_defaults(command=command)
        p.add_argument("--data", required=True, help="directory of a data set")
        p.add_argument("--run", required=True, help="directory of the run; an existing one is resumed")
        p.add_argument("--set", nargs="*", default=[], metavar="NAME=VALUE", help="settings of run.json to change")
        p.add_argument("--device", default="cpu", choices=("cpu", "cuda"))
        p.add_argument("--threads", type=int, default=0, help="processor threads; 0 for PyTorch's choice")
        p.add_argument("--lanes", type=int, default=1, help="threads that share a batch (processors only)")
        p.add_argument("--minutes", type=float, default=0, help="stop after this long; 0 for never")
        p.add_argument("--save-minutes", type=float, default=5)
        p.add_argument("--log-every", type=int, default=50, metavar="STEPS")
        p.add_argument("--sample-every", type=int, default=1000, metavar="STEPS")
        p.add_argument("--bf16", action="store_true", help="compute in bfloat16, with weights and moments in fp32")
        if name in ("vqvae", "switti"):
            p.add_argument("--from", dest="start", help="a run whose averaged weights a new run starts from")
        if name == "vqvae":
            p.add_argument("--sample-split", default="validation")
            p.add_argument("--switti", help="a transformer's run, for drawn=SHARE")
            p.add_argument("--features", help="text features of all captions (safetensors), for drawn=SHARE")
            p.add_argument("--guidance", type=float, default=6.0, help="guidance scale of what is drawn")
            p.add_argument("--judge", help="a judge's run, for styleLoss=STRENGTH, drawn=SHARE or distillation=WEIGHT")
        elif name == "judges":
            p.add_argument("--kind", required=True, choices=("content", "style"))
        else:
            p.add_argument("--vqvae", required=True, help="directory of the tokenizer's run")
            p.add_argument("--features", required=True, help="text features of all captions (safetensors)")
            p.add_argument("--guidance", type=float, default=3.0)
    p = commands.add_parser("slim")
    p.set_defaults(command=slim)
    p.add_argument("--run", required=True, help="directory of the run")
    p.add_argument("--out", required=True, help="checkpoint.safetensors of a new directory")
    options = parser.parse_args(arguments)
    if options.command is slim:
        return slim(options)
    # An optimised executor compiles anew for every shape, and gains nothing here.
    torch._C._set_graph_executor_optimize(False)
    if options.threads:
        torch.set_num_threads(options.threads)
    torch.set_float32_matmul_precision("high")
    options.command(options)


if __name__ == "__main__":
    main(sys.argv[1:])
