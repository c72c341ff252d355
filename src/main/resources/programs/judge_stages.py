  # The stages of a judge (judge.py), each of which halves the side. images (B,3,H,W) -> what each saw (B,widths[k],h,w)
  def look(self: __torch__.Ops, w: Dict[str, Tensor], images: Tensor) -> List[Tensor]:
    seen = annotate(List[Tensor], [])
    h = images
    k = 0
    while ("stages." + str(k) + ".down.weight") in w:
      p = "stages." + str(k)
      h = torch.conv2d(h, w[p + ".down.weight"], w[p + ".down.bias"], [2, 2], [1, 1])
      y = torch.silu(self.judge_norm(w, p + ".norm1", h))
      y = torch.conv2d(y, w[p + ".conv1.weight"], w[p + ".conv1.bias"], [1, 1], [1, 1])
      y = torch.silu(self.judge_norm(w, p + ".norm2", y))
      h = h + torch.conv2d(y, w[p + ".conv2.weight"], w[p + ".conv2.bias"], [1, 1], [1, 1])
      seen.append(h)
      k = k + 1
    return seen

  # images (B,3,H,W) in [-1,1] -> logits (B,N)
  def judge(self: __torch__.Ops, w: Dict[str, Tensor], images: Tensor) -> Tensor:
    h = torch.mean(torch.silu(self.judge_norm(w, "norm", self.look(w, images)[-1])), [2, 3])
    return torch.linear(h, w["head.weight"], w["head.bias"])

  def judge_norm(self: __torch__.Ops, w: Dict[str, Tensor], p: str, x: Tensor) -> Tensor:
    return torch.group_norm(x, 8, w[p + ".weight"], w[p + ".bias"], 1e-6)
