  # What the trainings of whole models share, with optimiser.py. state holds first., second. and average. of every weight.

  # All weights by name, with gradients.
  def leaves(self: __torch__.Ops, w: Dict[str, Tensor]) -> List[Tensor]:
    weights = annotate(List[Tensor], [])
    for name in sorted(list(w.keys())):
      weights.append(w[name].requires_grad_(True))
    return weights

  # Weights whose names begin so, without that beginning, and all others.
  def divided(self: __torch__.Ops, w: Dict[str, Tensor], beginning: str) -> Tuple[Dict[str, Tensor], Dict[str, Tensor]]:
    these = annotate(Dict[str, Tensor], {})
    others = annotate(Dict[str, Tensor], {})
    for name in list(w.keys()):
      if name.startswith(beginning):
        these[name[len(beginning):]] = w[name]
      else:
        others[name] = w[name]
    return (these, others)

  # The weights as the forward takes them: with half_precision copies in bfloat16 that pass their gradients on.
  def used(self: __torch__.Ops, w: Dict[str, Tensor]) -> Dict[str, Tensor]:
    if not self.half_precision:
      return w
    copies = annotate(Dict[str, Tensor], {})
    for name in list(w.keys()):
      copies[name] = w[name].to(15)
    return copies

  # The second half of a training step, in place: clipping, AdamW, moving average. gradients as `leaves` orders the weights;
  # schedule as in adamw, followed by the decay of the average -> gradient norm before clipping (1,)
  def update(self: __torch__.Ops, w: Dict[str, Tensor], state: Dict[str, Tensor], gradients: List[Tensor], schedule: Tensor) -> Tensor:
    weights = annotate(List[Tensor], [])
    first = annotate(List[Tensor], [])
    second = annotate(List[Tensor], [])
    for name in sorted(list(w.keys())):
      weights.append(w[name])
      first.append(state["first." + name])
      second.append(state["second." + name])
    norm = self.adamw(gradients, weights, first, second, schedule[:7])
    for name in list(w.keys()):
      state["average." + name].lerp_(w[name].detach(), 1. - float(schedule[7]))
    return norm.view([1])
