  # What both text encoders are made of.
  def norm(self: __torch__.Ops, w: Dict[str, Tensor], name: str, x: Tensor) -> Tensor:
    return torch.layer_norm(x, [x.size(-1)], w[name + ".weight"], w[name + ".bias"], self.epsilon)

  def linear(self: __torch__.Ops, w: Dict[str, Tensor], name: str, x: Tensor) -> Tensor:
    return torch.linear(x, w[name + ".weight"], w[name + ".bias"])

  def split(self: __torch__.Ops, x: Tensor) -> Tensor:
    return x.view([x.size(0), x.size(1), self.heads, x.size(2) // self.heads]).transpose(1, 2)
