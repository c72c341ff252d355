# CSD-VAR: what one optimisation step needs beside the models. Equations are those of the paper.
class Ops(Module):
  __parameters__ = []
  __buffers__ = []
  training : bool
  sides : List[int]

  # Eq. 10: embeddings of the sub-concepts (n,d) -> projector (d,d) on their first `rank` right singular vectors;
  # fewer where they span fewer directions, as the vectors of singular values near 0 are noise
  def projector(self: __torch__.Ops, embeddings: Tensor, rank: Tensor) -> Tensor:
    u, s, v = torch.linalg_svd(embeddings.to(7), False)
    r = min(int(rank), int(torch.sum(s > s[0] * 1e-6)))
    directions = v[:r]
    return torch.mm(directions.t(), directions).to(6)

  # Eq. 11: removes the sub-concept directions from the rows at `positions` of (B,T,d)
  def rectify(self: __torch__.Ops, hidden: Tensor, positions: Tensor, projector: Tensor) -> Tensor:
    style = torch.index_select(hidden, 1, positions)
    return torch.index_copy(hidden, 1, positions, style - torch.matmul(style, projector.to(style.dtype)))

  # Eqs. 7 to 9: logits (B,n,V) of scales first..last, tokens (B,n), weights (n,) of every token
  # -> weighted loss, and the mean cross-entropy of each of those scales
  def loss(self: __torch__.Ops, logits: Tensor, tokens: Tensor, weights: Tensor, first: Tensor) -> Tuple[Tensor, Tensor]:
    ce = torch.cross_entropy_loss(logits.transpose(1, 2), tokens, None, 0)
    loss = torch.mean(torch.sum(ce * weights, [1]))
    means = annotate(List[Tensor], [])
    begin = 0
    scale = int(first)
    while begin < ce.shape[1]:
      n = self.sides[scale] * self.sides[scale]
      means.append(torch.mean(ce[:, begin:begin + n].detach()))
      begin += n
      scale += 1
    return (loss, torch.stack(means))

  # logits (B,L,V) of B texts, tokens (1,L) of one picture -> (B,) cross-entropy in nats, summed over the tokens
  def surprise(self: __torch__.Ops, logits: Tensor, tokens: Tensor) -> Tensor:
    ce = torch.cross_entropy_loss(logits.transpose(1, 2), tokens.expand([logits.shape[0], -1]), None, 0)
    return torch.sum(ce, [1])

  # Tensors one after another along a dimension, differentiably.
  def join(self: __torch__.Ops, parts: List[Tensor], dimension: Tensor) -> Tensor:
    return torch.cat(parts, int(dimension))

  # Memories of several groups (pairs, C) -> (1, all pairs, C)
  def memory(self: __torch__.Ops, groups: List[Tensor]) -> Tensor:
    return torch.cat(groups, 0).unsqueeze(0)

  def total(self: __torch__.Ops, losses: List[Tensor]) -> Tensor:
    return torch.sum(torch.stack(losses))

  # include optimiser.py
