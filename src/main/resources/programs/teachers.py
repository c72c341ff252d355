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

  # What a discriminator and a decoder learn from each other: hinge loss, and features like those of the original (Wang et
  # al. 2018). -> the discriminator's hinge loss; how far copies (B,3,S,S), detached, are from deceiving it; the distance of the features
  def adversarial(self: __torch__.Ops, w: Dict[str, Tensor], copies: Tensor, images: Tensor, fhat: Tensor) -> Tuple[Tensor, Tensor, Tensor]:
    type = w["discriminator.stages.0.conv.weight"].dtype
    of_copies, seen_in_copies = self.discriminate(w, copies.to(type), fhat.to(type))
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
    return (hinge, deceit, distance)

  # The style loss of Gatys et al. (2016) between copies and images (B,3,S,S): how far the Gram matrices of what a judge's stages see are
  # from those of the originals, as a share of their length, mean over stages and pictures. It asks for the same texture, not
  # for the same texture in the same place. judge holds its weights; it looks through a window (see view) that must move from step to
  # step, as a decoder else learns what this judge sees at the places where its strides fall, and no other
  def style_loss(self: __torch__.Ops, judge: Dict[str, Tensor], copies: Tensor, images: Tensor, window: Tensor) -> Tensor:
    type = judge["norm.weight"].dtype
    of_copies = self.look(judge, self.view(copies, window).to(type))
    of_images = self.look(judge, self.view(images, window).to(type))
    loss = torch.zeros([], device=images.device)
    for k in range(len(of_images)):
      original = self.gram(of_images[k]).detach()
      missed = torch.sqrt(torch.sum(torch.square(self.gram(of_copies[k]) - original), [1, 2]) + 1e-12)
      loss = loss + torch.mean(missed / torch.sqrt(torch.sum(torch.square(original), [1, 2])))
    return loss / float(len(of_images))

  # Distillation (Hinton et al. 2015): from the four quarters of the quantised map fhat (B,d,P,P) a small network, the reader,
  # is to tell what a judge says of the picture, its logits verdict (B,N). So the tokens come to hold it.
  # -> Kullback-Leibler divergence, nats, mean over pictures
  def divergence(self: __torch__.Ops, w: Dict[str, Tensor], verdict: Tensor, fhat: Tensor) -> Tensor:
    wanted = torch.log_softmax(verdict, 1).detach()
    h = torch.flatten(torch.adaptive_avg_pool2d(fhat, [2, 2]), 1)
    h = torch.silu(torch.linear(h, w["reader.hidden.weight"], w["reader.hidden.bias"]))
    read = torch.log_softmax(torch.linear(h, w["reader.out.weight"], w["reader.out.bias"]), 1)
    return torch.mean(torch.sum(torch.exp(wanted) * (wanted - read), [1]))

  # What is seen of images (B,3,S,S) through a window (3,): its first row and column, 0 to 4, and 1 if in a mirror -> (B,3,S-4,S-4)
  def view(self: __torch__.Ops, images: Tensor, window: Tensor) -> Tensor:
    top = int(window[0])
    left = int(window[1])
    side = images.shape[2] - 4
    seen = images[:, :, top:top + side, left:left + side]
    if float(window[2]) > 0.:
      seen = torch.flip(seen, [3])
    return seen

  # features (B,C,h,w) -> how they go together, whatever the place: (B,C,C)
  def gram(self: __torch__.Ops, features: Tensor) -> Tensor:
    f = torch.flatten(features.to(6), 2)
    return torch.bmm(f, f.transpose(1, 2)) / float(f.shape[2])

  # A teacher's gradient on each picture, brought to a length (B,1,1,1).
  def brought(self: __torch__.Ops, teaching: Tensor, length: Tensor) -> Tensor:
    return teaching * (length / (torch.sqrt(torch.sum(torch.square(teaching), [1, 2, 3], True)) + 1e-12))

  # The gradient of a loss that is needed again.
  def gradient(self: __torch__.Ops, loss: Tensor, parameter: Tensor) -> Tensor:
    found = torch.grad([loss], [parameter], None, True, False, False)[0]
    if found is None:
      return torch.zeros_like(parameter)
    return found.detach()
