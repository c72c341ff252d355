# The multi-scale VQ-VAE of VAR and Switti (Tian et al. 2024, section 3.2). Weights carry their official names.
# B batch, P side of the latent map, d latent channels, V codebook entries, sides[k] side of scale k.
class Ops(Module):
  __parameters__ = []
  __buffers__ = []
  training : bool
  levels : int
  residual_blocks : int
  sides : List[int]
  half_precision : bool

  # bytes (H,W,3) -> image (1,3,S,S) in [-1,1], squashed to the square that the model reads
  def fit(self: __torch__.Ops, pixels: Tensor) -> Tensor:
    side = self.sides[-1]
    for i in range(self.levels - 1):
      side = side * 2
    image = pixels.permute([2, 0, 1]).unsqueeze(0).to(6) / 127.5 - 1.
    if image.shape[2] != side or image.shape[3] != side:
      image = torch._upsample_bicubic2d_aa(image, [side, side], False)
    return torch.clamp(image, -1., 1.)

  # image (B,3,H,W) in [-1,1] -> bytes (B,H,W,3); truncated, as in the reference
  def pixels(self: __torch__.Ops, image: Tensor) -> Tensor:
    return torch.clamp((image.to(6) + 1.) * 127.5, 0., 255.).to(0).permute([0, 2, 3, 1]).contiguous()

  # image (B,3,H,W) in [-1,1] -> latent map f (B,d,P,P)
  def encode(self: __torch__.Ops, w: Dict[str, Tensor], image: Tensor) -> Tensor:
    h = self.conv(w, "encoder.conv_in", image)
    for level in range(self.levels):
      for i in range(self.residual_blocks):
        p = "encoder.down." + str(level)
        h = self.residual(w, p + ".block." + str(i), h)
        if level == self.levels - 1:
          h = self.attention(w, p + ".attn." + str(i), h)
      if level < self.levels - 1:
        p = "encoder.down." + str(level) + ".downsample.conv"
        h = torch.conv2d(torch.constant_pad_nd(h, [0, 1, 0, 1], 0.), w[p + ".weight"], w[p + ".bias"], [2, 2])
    h = self.middle(w, "encoder.mid", h)
    h = self.conv(w, "encoder.conv_out", torch.silu(self.norm(w, "encoder.norm_out", h)))
    return self.conv(w, "quant_conv", h)

  # sum of the scales fhat (B,d,P,P) that a transformer drew -> image (B,3,H,W) in [-1,1]
  def decode(self: __torch__.Ops, w: Dict[str, Tensor], fhat: Tensor) -> Tensor:
    return torch.clamp(self.decode_unclamped(w, fhat, True), -1., 1.)

  # sum of a picture's own scales fhat (B,d,P,P) -> its copy (B,3,H,W) in [-1,1]
  def copy(self: __torch__.Ops, w: Dict[str, Tensor], fhat: Tensor) -> Tensor:
    return torch.clamp(self.decode_unclamped(w, fhat, False), -1., 1.)

  # Official tokenizers have one decoder. Here its finest levels may be there twice: what is drawn then goes through those of
  # decoder.drawn, and nothing that these learn reaches the levels before them.
  def decode_unclamped(self: __torch__.Ops, w: Dict[str, Tensor], fhat: Tensor, drawn: bool) -> Tensor:
    path = "decoder"
    h = self.conv(w, "decoder.conv_in", self.conv(w, "post_quant_conv", fhat))
    h = self.middle(w, "decoder.mid", h)
    for j in range(self.levels):
      level = self.levels - 1 - j
      if drawn and path == "decoder" and ("decoder.drawn.up." + str(level) + ".block.0.norm1.weight") in w:
        path = "decoder.drawn"
        h = h.detach()
      p = path + ".up." + str(level)
      if (p + ".grain.weight") in w:
        h = self.grain(w, p + ".grain", h, level)
      for i in range(self.residual_blocks + 1):
        h = self.residual(w, p + ".block." + str(i), h)
        if level == self.levels - 1:
          h = self.attention(w, p + ".attn." + str(i), h)
      if level > 0:
        h = torch.upsample_nearest2d(h, [h.shape[2] * 2, h.shape[3] * 2])
        h = self.conv(w, p + ".upsample.conv", h)
    return self.conv(w, path + ".conv_out", torch.silu(self.norm(w, path + ".norm_out", h)))

  # Something to make strokes and facets of, where tokens say that there are some but not where: noise of as many
  # channels as the weight takes, added as in StyleGAN (Karras et al. 2019), but the same for every picture. Official
  # tokenizers have none. h (B,C,s,s), weight (C,channels,1,1)
  def grain(self: __torch__.Ops, w: Dict[str, Tensor], p: str, h: Tensor, level: int) -> Tensor:
    weight = w[p + ".weight"]
    key = torch.zeros([1, 2], dtype=4, device=h.device)
    uniform = self.uniform(key, level, weight.shape[1] * h.shape[2] * h.shape[3])
    grain = (uniform - 0.5).view([1, weight.shape[1], h.shape[2], h.shape[3]]) * 3.4641016
    return h + torch.conv2d(grain.to(h.dtype), weight)

  # latent map f (B,d,P,P) -> token maps, one (B, side*side) per scale, and the teacher-forcing input (B, L-1, d)
  def quantize(self: __torch__.Ops, w: Dict[str, Tensor], f: Tensor) -> Tuple[List[Tensor], Tensor]:
    tokens = annotate(List[Tensor], [])
    inputs = annotate(List[Tensor], [])
    residual = f
    fhat = torch.zeros_like(f)
    for k in range(len(self.sides)):
      z = self.down(residual, self.sides[k])
      index = self.nearest(w["quantize.embedding.weight"], z)
      tokens.append(index)
      h = self.scale_map(w, torch.embedding(w["quantize.embedding.weight"], index), k)
      residual = residual - h
      fhat = fhat + h
      if k + 1 < len(self.sides):
        inputs.append(torch.flatten(self.down(fhat, self.sides[k + 1]), 2).transpose(1, 2))
    return (tokens, torch.cat(inputs, 1))

  # all scales, each as tokens (B, n) or as soft codewords (B, n, d) -> fhat (B,d,P,P)
  def assemble(self: __torch__.Ops, w: Dict[str, Tensor], codes: List[Tensor]) -> Tensor:
    side = self.sides[-1]
    codebook = w["quantize.embedding.weight"]
    fhat = torch.zeros([codes[0].shape[0], codebook.shape[1], side, side], dtype=codebook.dtype, device=codebook.device)
    for k in range(len(self.sides)):
      h = codes[k]
      if h.dim() == 2:
        h = torch.embedding(codebook, h)
      fhat = fhat + self.scale_map(w, h, k)
    return fhat

  # One generation step: adds scale `scale`, given as tokens (B, n) or as soft codewords (B, n, d), to the running sum.
  # Returns the new sum and the next scale's input (B, n', d); after the last scale that is the sum itself, flattened.
  def accumulate(self: __torch__.Ops, w: Dict[str, Tensor], fhat: Tensor, codes: Tensor, scale: Tensor) -> Tuple[Tensor, Tensor]:
    k = int(scale)
    if codes.dim() == 2:
      codes = torch.embedding(w["quantize.embedding.weight"], codes)
    fhat = fhat + self.scale_map(w, codes, k)
    side = self.sides[-1]
    if k + 1 < len(self.sides):
      side = self.sides[k + 1]
    return (fhat, torch.flatten(self.down(fhat, side), 2).transpose(1, 2))

  # codewords (B, n, d) of scale k -> their share of fhat: phi_k(up(h)), (B,d,P,P)
  def scale_map(self: __torch__.Ops, w: Dict[str, Tensor], codes: Tensor, k: int) -> Tensor:
    side = self.sides[k]
    full = self.sides[-1]
    h = codes.transpose(1, 2).reshape([codes.shape[0], codes.shape[2], side, side])
    if side != full:
      h = torch.upsample_bicubic2d(h, [full, full], False)
    return h * 0.5 + self.conv(w, "quantize.quant_resi.qresi_ls." + str(self.phi(k)), h) * 0.5

  # which of the partially shared convolutions serves scale k: the nearest of four ticks between 1/12 and 11/12
  def phi(self: __torch__.Ops, k: int) -> int:
    if len(self.sides) == 1:
      return 0
    t = float(k) / float(len(self.sides) - 1)
    # exact ties are decided by rounding, so the arithmetic is that of the reference
    low = 1. / 3. / 4.
    high = 1. - 1. / 3. / 4.
    best = 0
    distance = 2.
    for j in range(4):
      tick = low + float(j) * ((high - low) / 3.)
      if abs(tick - t) < distance:
        best = j
        distance = abs(tick - t)
    return best

  def down(self: __torch__.Ops, f: Tensor, side: int) -> Tensor:
    if f.shape[2] == side:
      return f
    return torch.adaptive_avg_pool2d(f, [side, side])

  # z (B,d,s,s) -> index of the nearest entry of the codebook (V,d), (B, s*s)
  def nearest(self: __torch__.Ops, codebook: Tensor, z: Tensor) -> Tensor:
    flat = torch.flatten(z, 2).transpose(1, 2).reshape([-1, z.shape[1]])
    distance = torch.sum(flat * flat, [1], True) + torch.sum(codebook * codebook, [1]) - 2. * torch.mm(flat, codebook.t())
    return torch.argmin(distance, 1).view([z.shape[0], -1])

  def middle(self: __torch__.Ops, w: Dict[str, Tensor], p: str, h: Tensor) -> Tensor:
    h = self.residual(w, p + ".block_1", h)
    h = self.attention(w, p + ".attn_1", h)
    return self.residual(w, p + ".block_2", h)

  def residual(self: __torch__.Ops, w: Dict[str, Tensor], p: str, x: Tensor) -> Tensor:
    h = self.conv(w, p + ".conv1", torch.silu(self.norm(w, p + ".norm1", x)))
    h = self.conv(w, p + ".conv2", torch.silu(self.norm(w, p + ".norm2", h)))
    if (p + ".nin_shortcut.weight") in w:
      x = torch.conv2d(x, w[p + ".nin_shortcut.weight"], w[p + ".nin_shortcut.bias"])
    return x + h

  # single-head self-attention over all positions, width C
  def attention(self: __torch__.Ops, w: Dict[str, Tensor], p: str, x: Tensor) -> Tensor:
    qkv = torch.conv2d(self.norm(w, p + ".norm", x), w[p + ".qkv.weight"], w[p + ".qkv.bias"])
    q, k, v = torch.chunk(torch.flatten(qkv, 2).transpose(1, 2).unsqueeze(1), 3, 3)
    h = torch.scaled_dot_product_attention(q, k, v).squeeze(1).transpose(1, 2).reshape(x.shape)
    return x + torch.conv2d(h, w[p + ".proj_out.weight"], w[p + ".proj_out.bias"])

  def norm(self: __torch__.Ops, w: Dict[str, Tensor], p: str, x: Tensor) -> Tensor:
    return torch.group_norm(x, 32, w[p + ".weight"], w[p + ".bias"], 1e-6)

  def conv(self: __torch__.Ops, w: Dict[str, Tensor], p: str, x: Tensor) -> Tensor:
    weight = w[p + ".weight"]
    return torch.conv2d(x, weight, w[p + ".bias"], [1, 1], [weight.shape[2] // 2, weight.shape[3] // 2])

  # One training step, in place: forward, losses, gradients, clipping, AdamW, moving average of the weights.
  # With half_precision encoder and decoder run in bfloat16 on copies of the fp32 weights. images (B,3,H,W) in [-1,1];
  # drawn (B,L) tokens that a transformer drew for the caption of a picture, in place of its own, or -1: of these the picture
  # shows the style alone, so the style loss is all that is learned by them;
  # state holds first., second. and average. of every weight and `hits` (V,), how often each code was chosen;
  # schedule as in adamw, followed by the decay of the average; by 0 to auto-encode, 1 to quantise or 2 to quantise and
  # train the decoder alone (its drawn levels alone, if it has some), whatever the rest has become; by the strength of the discriminator, whose weights are among w
  # then, or 0 for none, and how many times the learning rate its own is; by the strength of the style loss, or 0; by
  # the weight of the reader's divergence, whose weights are among w then, or 0 for no reader; by the strength of the
  # style loss on drawn tokens, or 0; and by the window that the style loss looks through (3,). Style loss and reader need
  # the weights of a judge among w, named judge.NAME, which stay as they are.
  # -> (8,) image mean squared error, image mean absolute error, codebook loss, hinge loss of the discriminator and
  # distance of its features (0 without one), style loss (0 without it), divergence (0 without a reader), gradient norm
  def train_step(self: __torch__.Ops, w: Dict[str, Tensor], state: Dict[str, Tensor], images: Tensor, drawn: Tensor, schedule: Tensor) -> Tensor:
    return self.optimise(w, state, self.gradients(w, images, drawn, schedule), schedule)

  # The first half of a training step. Several threads may compute it for parts of a batch; the means of what they find
  # go into `optimise`. -> losses (7,), how often each code was chosen (V,), gradients of all weights by name
  def gradients(self: __torch__.Ops, w: Dict[str, Tensor], images: Tensor, drawn: Tensor, schedule: Tensor) -> List[Tensor]:
    judge, trained = self.divided(w, "judge.")
    weights = self.leaves(trained)
    used = self.used(trained)
    codebook = w["quantize.embedding.weight"]
    hits = torch.zeros([codebook.shape[0]], device=images.device)
    type = used["quant_conv.weight"].dtype
    f = self.encode(used, images.to(type)).to(6)
    codebook_loss = torch.zeros([], device=f.device)
    fhat = f
    if float(schedule[8]) > 0.:
      residual = f.detach()
      total = torch.zeros_like(residual)
      end = 0
      for k in range(len(self.sides)):
        index = self.nearest(codebook.detach(), self.down(residual, self.sides[k]))
        begin = end
        end = begin + self.sides[k] * self.sides[k]
        index = torch.where(drawn[:, begin:end] < 0, index, drawn[:, begin:end])
        hits = hits + torch.bincount(index.view([-1]), None, codebook.shape[0]).to(6)
        h = self.scale_map(w, torch.embedding(codebook, index), k)
        residual = residual - h.detach()
        total = total + h
        codebook_loss = codebook_loss + torch.mse_loss(total, f.detach()) + 0.25 * torch.mse_loss(total.detach(), f)
      codebook_loss = codebook_loss / float(len(self.sides))
      fhat = f + (total - f).detach()
      if float(schedule[8]) > 1.:
        codebook_loss = codebook_loss.detach()
        fhat = total.detach()
    image = self.decode_unclamped(used, fhat.to(type), True).to(6)
    own = torch.nonzero(drawn[:, 0] < 0).view([-1])
    missed = torch.index_select(image - images, 0, own)
    each = torch.mean(torch.square(missed), [1, 2, 3])
    squared = torch.mean(each)
    absolute = torch.mean(torch.abs(missed))
    # The logarithm, which is what PSNR is: else textures that no code can hold drown the pictures that can be had.
    loss = 0.05 * torch.mean(torch.log(each + 0.002)) + 0.2 * absolute
    hinge = torch.zeros([], device=f.device)
    distance = torch.zeros([], device=f.device)
    style = torch.zeros([], device=f.device)
    if float(schedule[9]) + float(schedule[11]) + float(schedule[13]) > 0.:
      shown = image.detach().requires_grad_(True)
      nearer = self.gradient(loss, image)
      taught = nearer
      # A drawn picture has no error of its own; the others' says how long its gradient is to be.
      of_drawn = (drawn[:, 0] >= 0).view([-1, 1, 1, 1])
      length = torch.sqrt(torch.sum(torch.square(nearer), [1, 2, 3], True))
      length = torch.where(of_drawn, torch.sum(length) / float(own.shape[0]), length)
      strength = torch.where(of_drawn, float(schedule[13]), float(schedule[11]))
      if float(schedule[11]) + float(schedule[13]) > 0.:
        style = self.style_loss(self.used(judge), shown, images, schedule[14:17])
        taught = taught + self.brought(self.gradient(style, shown), length * strength)
      if float(schedule[9]) > 0.:
        copies = torch.index_select(shown, 0, own)
        originals = torch.index_select(images, 0, own)
        hinge, deceit, distance = self.adversarial(used, copies, originals, torch.index_select(fhat.detach(), 0, own))
        taught = taught + self.brought(self.gradient(deceit + distance, shown), length * float(schedule[9]))
      loss = torch.sum(image * taught) + hinge
    divergence = torch.zeros([], device=f.device)
    if float(schedule[12]) > 0.:
      divergence = self.divergence(w, self.judge(self.used(judge), images.to(type)).to(6), fhat)
    loss = loss + codebook_loss + divergence * float(schedule[12])
    result = annotate(List[Tensor], [])
    losses = [squared, absolute, codebook_loss, hinge, distance, style, divergence]
    result.append(torch.stack(losses).detach())
    result.append(hits)
    result.extend(self.derivatives(loss, weights))
    return result

  # The second half of a training step.
  def optimise(self: __torch__.Ops, w: Dict[str, Tensor], state: Dict[str, Tensor], found: List[Tensor], schedule: Tensor) -> Tensor:
    state["hits"].add_(found[1])
    model = annotate(Dict[str, Tensor], {})
    of_model = annotate(List[Tensor], [])
    discriminator = annotate(Dict[str, Tensor], {})
    of_discriminator = annotate(List[Tensor], [])
    judge, trained = self.divided(w, "judge.")
    names = sorted(list(trained.keys()))
    for i in range(len(names)):
      if names[i].startswith("discriminator."):
        discriminator[names[i]] = w[names[i]]
        of_discriminator.append(found[2 + i])
      else:
        model[names[i]] = w[names[i]]
        of_model.append(found[2 + i])
    norm = self.update(model, state, of_model, schedule)
    if len(of_discriminator) > 0:
      # Faster than the decoder (Heusel et al. 2017), which else learns what deceives it rather than what is real.
      faster = torch.cat([schedule[:1] * schedule[10], schedule[1:]])
      self.update(discriminator, state, of_discriminator, faster)
    return torch.cat([found[0], norm])

  # Gives codes that were not chosen since the last call a new place: a residual of these images, drawn by `order`, a
  # permutation of all (B * L) residual vectors. Resets the counts. -> how many codes were moved
  def reseed(self: __torch__.Ops, w: Dict[str, Tensor], state: Dict[str, Tensor], images: Tensor, order: Tensor) -> Tensor:
    codebook = w["quantize.embedding.weight"].detach()
    residual = self.encode(w, images).detach()
    seen = annotate(List[Tensor], [])
    for k in range(len(self.sides)):
      z = self.down(residual, self.sides[k])
      seen.append(torch.flatten(z, 2).transpose(1, 2).reshape([-1, z.shape[1]]))
      residual = residual - self.scale_map(w, torch.embedding(codebook, self.nearest(codebook, z)), k).detach()
    idle = torch.nonzero(state["hits"] < 0.5).view([-1])[:order.shape[0]]
    codebook.index_copy_(0, idle, torch.index_select(torch.cat(seen, 0), 0, order[:idle.shape[0]]))
    state["average.quantize.embedding.weight"].index_copy_(0, idle, torch.index_select(codebook, 0, idle))
    state["first.quantize.embedding.weight"].index_fill_(0, idle, 0.)
    state["second.quantize.embedding.weight"].index_fill_(0, idle, 0.)
    state["hits"].zero_()
    return torch.full([], idle.shape[0], dtype=4)

  # Like quantize, with a share of the codes (flip, a probability per scale) replaced by random ones in the running sum
  # only: each scale's tokens are those that repair what went before. noise (B,L) in [0,1), codes (B,L) random codes
  # -> tokens (B,L), teacher-forcing input (B, L-1, d)
  def quantize_noisily(self: __torch__.Ops, w: Dict[str, Tensor], f: Tensor, flip: Tensor, noise: Tensor, codes: Tensor) -> Tuple[Tensor, Tensor]:
    codebook = w["quantize.embedding.weight"]
    tokens = annotate(List[Tensor], [])
    inputs = annotate(List[Tensor], [])
    residual = f
    fhat = torch.zeros_like(f)
    begin = 0
    for k in range(len(self.sides)):
      end = begin + self.sides[k] * self.sides[k]
      index = self.nearest(codebook, self.down(residual, self.sides[k]))
      tokens.append(index)
      used = torch.where(noise[:, begin:end] < flip[k], codes[:, begin:end], index)
      h = self.scale_map(w, torch.embedding(codebook, used), k)
      residual = residual - h
      fhat = fhat + h
      if k + 1 < len(self.sides):
        inputs.append(torch.flatten(self.down(fhat, self.sides[k + 1]), 2).transpose(1, 2))
      begin = end
    return (torch.cat(tokens, 1), torch.cat(inputs, 1))

  # include teachers.py

  # include judge_stages.py

  # include noise.py

  # include optimiser.py

  # include training.py
