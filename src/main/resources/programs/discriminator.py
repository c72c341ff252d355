  # A patch discriminator (Isola et al. 2017) that also sees the tokens: is this the picture that they were made of? Every
  # stage halves the side and gives a verdict on patches of its own size; the last joins the latent map and gives another.
  # images (B,3,S,S), fhat (B,d,P,P) -> verdicts, one (B,1,s,s) per stage, above 0 for "real"; what the stages saw
  def discriminate(self: __torch__.Ops, w: Dict[str, Tensor], images: Tensor, fhat: Tensor) -> Tuple[List[Tensor], List[Tensor]]:
    verdicts = annotate(List[Tensor], [])
    features = annotate(List[Tensor], [])
    h = images
    for k in range(self.levels):
      p = "discriminator.stages." + str(k)
      if k + 1 < self.levels:
        h = torch.conv2d(h, w[p + ".conv.weight"], w[p + ".conv.bias"], [2, 2], [1, 1])
        if k > 0:
          h = self.norm(w, p + ".norm", h)
      else:
        h = self.conv(w, p + ".conv", torch.cat([h, fhat], 1))
      h = torch.leaky_relu(h, 0.2)
      features.append(h)
      verdicts.append(self.conv(w, p + ".verdict", h).to(6))
    return (verdicts, features)

  # What a decoder and its discriminator learn from each other. Each picture's gradient by `error`, a mean over the pictures, is
  # joined by one that makes the copy look real: hinge loss, and features like those of the original (Wang et al. 2018). The
  # second is `strength` times as long as the first.
  # -> a loss with the gradients of both networks, the discriminator's hinge loss, the distance of the features
  def adversarial(self: __torch__.Ops, w: Dict[str, Tensor], error: Tensor, copies: Tensor, images: Tensor, fhat: Tensor,
      strength: float) -> Tuple[Tensor, Tensor, Tensor]:
    type = w["discriminator.stages.0.conv.weight"].dtype
    shown = copies.detach().requires_grad_(True)
    of_copies, seen_in_copies = self.discriminate(w, shown.to(type), fhat.to(type))
    of_images, seen_in_images = self.discriminate(w, images.to(type), fhat.to(type))
    stages = float(len(of_images))
    hinge = torch.zeros([], device=images.device)
    deceit = torch.zeros([], device=images.device)
    distance = torch.zeros([], device=images.device)
    for k in range(len(of_images)):
      hinge = hinge + (torch.mean(torch.relu(1. - of_images[k])) + torch.mean(torch.relu(1. + of_copies[k]))) / stages
      deceit = deceit - torch.mean(of_copies[k]) / stages
      original = seen_in_images[k].detach().to(6)
      missed = torch.mean(torch.abs(seen_in_copies[k].to(6) - original), [1, 2, 3])
      distance = distance + torch.mean(missed / torch.mean(torch.abs(original), [1, 2, 3])) / stages
    nearer = self.gradient(error, copies)
    realer = self.gradient(deceit + distance, shown)
    length = torch.sqrt(torch.sum(torch.square(nearer), [1, 2, 3], True))
    scale = strength * length / (torch.sqrt(torch.sum(torch.square(realer), [1, 2, 3], True)) + 1e-12)
    return (torch.sum(copies * (nearer + scale * realer)) + hinge, hinge.detach(), distance.detach())

  # The gradient of a loss that is needed again.
  def gradient(self: __torch__.Ops, loss: Tensor, parameter: Tensor) -> Tensor:
    found = torch.grad([loss], [parameter], None, True, False, False)[0]
    if found is None:
      return torch.zeros_like(parameter)
    return found.detach()
