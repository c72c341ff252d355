"""Makes reference.json: a few training steps of tiny models in plain PyTorch, on inputs made by formula.

    python src/test/resources/training/reference.py > src/test/resources/training/reference.json
"""

import json
import pathlib
import sys

import numpy as np
import torch

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[4] / "tools"))
import architectures
import draws
import pretrain
import program

SEED = 7
STEPS = 6
SIDES = [1, 2, 4]
VQVAE = {
    "channels": 32,
    "channelMultipliers": [1, 1],
    "residualBlocks": 1,
    "latentChannels": 8,
    "codes": 32,
    "sides": SIDES,
}
SWITTI = {
    "depth": 2,
    "width": 32,
    "heads": 2,
    "textWidth": 16,
    "pooledWidth": 16,
    "latentChannels": 8,
    "codes": 32,
    "sides": SIDES,
    "causal": True,
}
JUDGE = {"widths": [8, 16], "classes": 5}


def numbers(name, shape, low=-1.0, high=1.0):
    values = low + (high - low) * draws.uniform(SEED, name, int(np.prod(shape)))
    return torch.tensor(values.astype(np.float32)).view(shape)


def start(shapes):
    w = {name: torch.tensor(a) for name, a in draws.initial(shapes, SEED).items()}
    state = {part + name: torch.zeros_like(v) for name, v in w.items() for part in ("first.", "second.")}
    return w, state | {"average." + name: v.clone() for name, v in w.items()}


def schedule(step, *more):
    return torch.tensor([1e-3, 0.9, 0.95, 1e-8, 0.01, 1.0, step, 0.9, *more])


OWN = torch.full((4, 21), -1)


def vqvae():
    w, state = start(architectures.vqvae(VQVAE))
    state["hits"] = torch.zeros(32)
    model = program.load("vqvae", {"levels": 2, "residual_blocks": 1, "sides": SIDES, "half_precision": False})
    images = numbers("images", (4, 3, 8, 8))
    found = []
    for step in range(STEPS):
        if step == 2:
            model.reseed(w, state, images, torch.tensor(draws.permutation(SEED, "order", 4 * 21)))
        found.append(model.train_step(w, state, images, OWN, schedule(step + 1, float(step >= 2), 0.0, 1.0, 0.0, 0.0, 0.0, 0, 0, 0)).tolist())
    return found


def decoder():
    sizes = VQVAE | {"channelMultipliers": [1, 1, 1], "grain": 2}
    w, state = start(architectures.vqvae(sizes) | architectures.discriminator(sizes))
    state["hits"] = torch.zeros(32)
    model = program.load("vqvae", {"levels": 3, "residual_blocks": 1, "sides": SIDES, "half_precision": False})
    images = numbers("larger images", (4, 3, 16, 16))
    schedules = [schedule(i + 1, 2.0, 0.5 * i, 3.0, 0.25 * (STEPS - 1 - i), 0.0, 0.0, *draws.window(SEED, i)) for i in range(STEPS)]
    return [model.train_step(w | untrained_judge(), state, images, OWN, values).tolist() for values in schedules]


def drawn():
    w, state = start(architectures.vqvae(VQVAE | {"drawnLevels": 1}))
    state["hits"] = torch.zeros(32)
    model = program.load("vqvae", {"levels": 2, "residual_blocks": 1, "sides": SIDES, "half_precision": False})
    transformer = {name: torch.tensor(a) for name, a in draws.initial(architectures.switti(SWITTI), SEED).items()}
    averages = {name: state["average." + name] for name in w}
    sampler = pretrain.Sampler(model, averages, switti_program(), SWITTI, "cpu")
    images = numbers("images", (4, 3, 8, 8))
    bias = torch.zeros(2, 3)
    bias[1, 2] = -torch.inf
    text = (numbers("context", (2, 3, 16)), bias, numbers("pooled", (2, 16)))
    empty = (numbers("empty", (1, 1, 16)), torch.zeros(1, 1), numbers("pooled empty", (1, 16)))
    found = []
    for step in range(STEPS):
        codes, _ = sampler.codes(transformer, text, empty, 6.0, draws.noise(SEED, 4 * step, 2))
        tokens = torch.full((4, 21), -1)
        tokens[[0, 2]] = torch.cat(codes, 1)
        values = schedule(step + 1, 2.0, 0.0, 1.0, 0.5, 0.0, 1.0 + step, *draws.window(SEED, step))
        found.append(model.train_step(w | untrained_judge(), state, images, tokens, values).tolist())
    return found


def untrained_judge():
    return {"judge." + name: torch.tensor(a) for name, a in draws.initial(architectures.judge(JUDGE), SEED).items()}


def distilled():
    w, state = start(architectures.vqvae(VQVAE) | architectures.reader(VQVAE, JUDGE["classes"]))
    state["hits"] = torch.zeros(32)
    model = program.load("vqvae", {"levels": 2, "residual_blocks": 1, "sides": SIDES, "half_precision": False})
    images = numbers("images", (4, 3, 8, 8))
    schedules = [schedule(i + 1, 1.0, 0.0, 1.0, 0.25 * (STEPS - 1 - i), 0.5, 0.0, *draws.window(SEED, i)) for i in range(STEPS)]
    return [model.train_step(w | untrained_judge(), state, images, OWN, values).tolist() for values in schedules]


def switti_program():
    attributes = {"depth": 2, "heads": 2, "sides": SIDES, "rope_theta": 10000.0, "rope_size": 128.0}
    return program.load("switti", attributes | {"causal": True, "crop_condition": False, "half_precision": False})


def switti():
    w, state = start(architectures.switti(SWITTI))
    model = switti_program()
    tokenizer = program.load("vqvae", {"levels": 2, "residual_blocks": 1, "sides": SIDES, "half_precision": False})
    vq = {name: torch.tensor(a) for name, a in draws.initial(architectures.vqvae(VQVAE), SEED).items()}
    bias = torch.zeros(2, 3)
    bias[1, 2] = -torch.inf
    found = []
    for step in range(STEPS):
        codes = torch.tensor(draws.below(SEED, "codes", 42, 32)).view(2, 21)
        flips = (torch.full((3,), 0.2), numbers("noise", (2, 21), 0.0, 1.0), codes)
        with torch.no_grad():
            tokens, x = tokenizer.quantize_noisily(vq, numbers("latents", (2, 8, 4, 4)), *flips)
        text = (numbers("context", (2, 3, 16)), bias, numbers("pooled", (2, 16)))
        weights = torch.full((21,), 1 / 21)
        values = model.train_step(w, state, *text, torch.zeros(2, 4), x, tokens, weights, schedule(step + 1))
        found.append(values.tolist())
    return found


def judge():
    w, state = start(architectures.judge(JUDGE))
    model = program.load("judge", {"half_precision": False})
    classes = torch.tensor([0, 1, 2, 4])
    images = numbers("images", (4, 3, 8, 8))
    return [model.train_step(w, state, images, classes, schedule(i + 1, 0.1)).tolist() for i in range(STEPS)]


if __name__ == "__main__":
    torch._C._set_graph_executor_optimize(False)
    reference = {
        "words": draws.words(SEED, "sample", 4).tolist(),
        "permutation": draws.permutation(SEED, "sample", 8).tolist(),
        "head.weight": draws.tensor("head.weight", (4, 2), SEED).flatten().tolist(),
        "vqvae": vqvae(),
        "decoder": decoder(),
        "drawn": drawn(),
        "distilled": distilled(),
        "switti": switti(),
        "judge": judge(),
    }
    lines = (f'  "{name}": {json.dumps(value)}' for name, value in reference.items())
    print("{\n" + ",\n".join(lines) + "\n}")
