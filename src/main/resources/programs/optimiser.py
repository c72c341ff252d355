  # One AdamW step, in place, on the first len(parameters) of the gradients; the global norm that is clipped counts all.
  # schedule = (learning rate, beta1, beta2, epsilon, weight decay, clip norm, step count from 1)
  # -> the global norm before clipping
  def adamw(self: __torch__.Ops, gradients: List[Tensor], parameters: List[Tensor], first: List[Tensor],
      second: List[Tensor], schedule: Tensor) -> Tensor:
    rate, beta1, beta2, epsilon, decay, clip, step = torch.unbind(schedule.to(7))
    square = torch.zeros([], dtype=7, device=schedule.device)
    for g in gradients:
      square = square + torch.sum(torch.square(g.detach().to(7)))
    norm = torch.sqrt(square)
    shrink = torch.clamp(clip / (norm + 1e-6), None, 1.)
    correction1 = float(1. - torch.pow(beta1, step))
    correction2 = float(1. - torch.pow(beta2, step))
    for i in range(len(parameters)):
      p = parameters[i].detach()
      g = gradients[i].detach() * shrink.to(6)
      m = first[i].mul_(float(beta1)).add_(g * (1. - float(beta1)))
      v = second[i].mul_(float(beta2)).add_(g * g * (1. - float(beta2)))
      p.mul_(1. - float(rate * decay))
      p.sub_(m / correction1 / (torch.sqrt(v / correction2) + float(epsilon)) * float(rate))
    return norm.to(6)

  # Gradients of a loss; a parameter that the loss does not reach gets zeros.
  def derivatives(self: __torch__.Ops, loss: Tensor, parameters: List[Tensor]) -> List[Tensor]:
    found = torch.grad([loss], parameters, None, None, False, True)
    out = annotate(List[Tensor], [])
    for i in range(len(parameters)):
      g = found[i]
      if g is None:
        out.append(torch.zeros_like(parameters[i]))
      else:
        out.append(g)
    return out
