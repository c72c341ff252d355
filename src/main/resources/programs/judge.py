# A small residual network that names the class of a picture: what it shows, or how it is drawn. Used to measure only.
# B pictures, N classes, widths[k] channels of stage k, which halves the side.
class Ops(Module):
  __parameters__ = []
  __buffers__ = []
  training : bool
  half_precision : bool

  # One training step, in place: forward, cross-entropy, gradients, clipping, AdamW, moving average of the weights.
  # images (B,3,H,W), classes (B,), state as in vqvae.py; schedule as in adamw, followed by the decay of the average and
  # the share of probability that is spread over all classes
  # -> (3,) gradient norm, cross-entropy, share of pictures named rightly
  def train_step(self: __torch__.Ops, w: Dict[str, Tensor], state: Dict[str, Tensor], images: Tensor, classes: Tensor,
      schedule: Tensor) -> Tensor:
    weights = self.leaves(w)
    used = self.used(w)
    logits = self.judge(used, images.to(used["head.weight"].dtype)).to(6)
    loss = torch.cross_entropy_loss(logits, classes, None, 1, -100, float(schedule[8]))
    norm = self.update(w, state, self.derivatives(loss, weights), schedule)
    right = torch.mean((torch.argmax(logits, 1) == classes).to(6))
    return torch.cat([norm, torch.stack([loss.detach(), right])])

  # include judge_stages.py

  # include optimiser.py

  # include training.py
