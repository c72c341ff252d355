# From logits to token maps (backbones.md 2.5). B images, n tokens of one scale, V vocabulary.
# Random numbers come from a counter-based generator: a number depends on the image's key, the scale and the position
# alone, so an image is the same alone and in any batch, on any device.
class Ops(Module):
  __parameters__ = []
  __buffers__ = []
  training : bool

  # logits (2B,n,V), conditional rows first, strength (B,) -> (B,n,V): (1 + t) * conditional - t * unconditional
  def guide(self: __torch__.Ops, logits: Tensor, strength: Tensor) -> Tensor:
    conditional, unconditional = torch.chunk(logits, 2, 0)
    t = strength.view([-1, 1, 1])
    return (t + 1) * conditional - t * unconditional

  def greedy(self: __torch__.Ops, logits: Tensor) -> Tensor:
    return torch.argmax(logits, -1)

  # logits (B,n,V), top_k (B,) with 0 for all, top_p (B,) with 0 for all, key (B,2), scale -> tokens (B,n)
  def draw(self: __torch__.Ops, logits: Tensor, top_k: Tensor, top_p: Tensor, key: Tensor, scale: Tensor) -> Tensor:
    cumulative = torch.cumsum(self.probabilities(logits, top_k, top_p).to(7), -1)
    u = self.uniform(key, int(scale), logits.shape[1]).to(7).unsqueeze(2) * cumulative[:, :, -1:]
    return torch.searchsorted(cumulative, u, right=True).squeeze(2).clamp(0, logits.shape[2] - 1)

  # Top-k keeps ties at its threshold; top-p drops the least likely while their sum is at most 1 - p, never the likeliest.
  def probabilities(self: __torch__.Ops, logits: Tensor, top_k: Tensor, top_p: Tensor) -> Tensor:
    v = logits.shape[2]
    ordered, order = torch.sort(logits, -1)
    k = torch.where(top_k > 0, top_k, torch.full_like(top_k, v)).clamp(1, v)
    threshold = torch.gather(ordered, 2, (v - k).view([-1, 1, 1]).expand([-1, logits.shape[1], 1]))
    ordered = ordered.masked_fill(ordered < threshold, -inf)
    p = torch.where(top_p > 0., top_p, torch.ones_like(top_p)).view([-1, 1, 1])
    dropped = torch.cumsum(torch.softmax(ordered, -1), -1) <= (1. - p)
    dropped = torch.cat([dropped[:, :, :-1], torch.zeros_like(dropped[:, :, -1:])], 2)
    ordered = ordered.masked_fill(dropped.logical_and(p < 1.), -inf)
    return torch.softmax(torch.scatter(ordered, 2, order, ordered), -1)

  # Gumbel smoothing: soft codewords (B,n,d) instead of tokens; progress = scale index / (scales - 1)
  def smooth(self: __torch__.Ops, logits: Tensor, codebook: Tensor, progress: Tensor, key: Tensor, scale: Tensor) -> Tensor:
    rho = float(progress)
    tau = max(0.27 * (1. - 0.95 * rho), 0.005)
    n = logits.shape[1] * logits.shape[2]
    gumbel = -torch.log(-torch.log(self.uniform(key, int(scale), n))).view(logits.shape)
    return torch.matmul(torch.softmax((logits * (1. + rho) + gumbel) / tau, -1), codebook.to(6))

  # include noise.py
