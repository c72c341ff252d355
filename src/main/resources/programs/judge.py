# A small residual network that names the class of a picture: what it shows, or how it is drawn. Used to measure only.
# B pictures, N classes, widths[k] channels of stage k, which halves the side.
class Ops(Module):
  __parameters__ = []
  __buffers__ = []
  training : bool
  stages : int

  # images (B,3,H,W) in [-1,1] -> logits (B,N)
  def judge(self: __torch__.Ops, w: Dict[str, Tensor], images: Tensor) -> Tensor:
    h = images
    for k in range(self.stages):
      p = "stages." + str(k)
      h = torch.conv2d(h, w[p + ".down.weight"], w[p + ".down.bias"], [2, 2], [1, 1])
      y = self.conv(w, p + ".conv1", torch.silu(self.norm(w, p + ".norm1", h)))
      h = h + self.conv(w, p + ".conv2", torch.silu(self.norm(w, p + ".norm2", y)))
    h = torch.mean(torch.silu(self.norm(w, "norm", h)), [2, 3])
    return torch.linear(h, w["head.weight"], w["head.bias"])

  def norm(self: __torch__.Ops, w: Dict[str, Tensor], p: str, x: Tensor) -> Tensor:
    return torch.group_norm(x, 8, w[p + ".weight"], w[p + ".bias"], 1e-6)

  def conv(self: __torch__.Ops, w: Dict[str, Tensor], p: str, x: Tensor) -> Tensor:
    return torch.conv2d(x, w[p + ".weight"], w[p + ".bias"], [1, 1], [1, 1])

  # One training step, in place: forward, cross-entropy, gradients, clipping, AdamW, moving average of the weights.
  # images (B,3,H,W), classes (B,), state as in vqvae.py; schedule as in adamw, followed by the decay of the average and
  # the share of probability that is spread over all classes
  # -> (3,) gradient norm, cross-entropy, share of pictures named rightly
  def train_step(self: __torch__.Ops, w: Dict[str, Tensor], state: Dict[str, Tensor], images: Tensor, classes: Tensor,
      schedule: Tensor) -> Tensor:
    names = sorted(list(w.keys()))
    weights = annotate(List[Tensor], [])
    first = annotate(List[Tensor], [])
    second = annotate(List[Tensor], [])
    for name in names:
      weights.append(w[name].requires_grad_(True))
      first.append(state["first." + name])
      second.append(state["second." + name])
    logits = self.judge(w, images)
    loss = torch.cross_entropy_loss(logits, classes, None, 1, -100, float(schedule[8]))
    gradients = annotate(List[Tensor], [])
    found = torch.grad([loss], weights, None, None, False, True)
    for i in range(len(weights)):
      g = found[i]
      if g is None:
        gradients.append(torch.zeros_like(weights[i]))
      else:
        gradients.append(g)
    norm = self.adamw(gradients, weights, first, second, schedule[:7])
    for name in names:
      state["average." + name].lerp_(w[name].detach(), 1. - float(schedule[7]))
    right = torch.mean((torch.argmax(logits, 1) == classes).to(6))
    return torch.stack([norm, loss.detach(), right])

  # include optimiser.py
