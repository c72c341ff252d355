# The Switti transformer (Voronov et al. 2024), both variants: block-causal over scales, and attention within each scale.
# Weights carry their official names. B batch, C width, H heads, T text tokens, n tokens of the scales computed,
# scales 0-based. fp32 where the reference is sensitive: norms, rotary angles, crop frequencies.
class Ops(Module):
  __parameters__ = []
  __buffers__ = []
  training : bool
  depth : int
  heads : int
  sides : List[int]
  rope_theta : float
  rope_size : float
  causal : bool
  crop_condition : bool
  half_precision : bool

  # Everything of a request that does not change from scale to scale.
  # context (B,T,D), pooled (B,Dp), crop (B,4) = height, width, top, left
  # -> [start (B,1,C), head modulation (B,1,2C), rotations (L,32,2), then per block: modulation (B,6,C), K (B,H,T,C/H), V]
  def prepare(self: __torch__.Ops, w: Dict[str, Tensor], context: Tensor, pooled: Tensor, crop: Tensor) -> List[Tensor]:
    context = context.to(w["text_pooler.weight"].dtype)
    cond = torch.linear(pooled.to(context.dtype), w["text_pooler.weight"], w["text_pooler.bias"])
    start = cond.unsqueeze(1) + w["pos_start"] + w["lvl_embed.weight"][0]
    head = torch.linear(torch.silu(cond), w["head_nm.ada_lin.1.weight"], w["head_nm.ada_lin.1.bias"]).unsqueeze(1)
    out = annotate(List[Tensor], [])
    out.append(start)
    out.append(head)
    out.append(self.rotations(cond))
    place = torch.zeros_like(cond)
    if self.crop_condition:
      place = self.crop_embedding(w, crop)
    for i in range(self.depth):
      p = "blocks." + str(i) + "."
      block_cond = cond
      if self.crop_condition:
        block_cond = cond + w[p + "crop_cond_scales"] * place
      modulation = torch.linear(torch.silu(block_cond), w[p + "ada_lin.1.weight"], w[p + "ada_lin.1.bias"])
      out.append(modulation.view([modulation.shape[0], 6, -1]))
      y = self.rms_norm(context, w[p + "attention_y_norm.weight"])
      k, v = torch.chunk(torch.linear(y, w[p + "cross_attn.to_kv.weight"], w[p + "cross_attn.to_kv.bias"]), 2, 2)
      out.append(self.split(self.plain_norm(k)))
      out.append(self.split(v))
    return out

  # Logits of the scales first..last in one pass.
  #   prepared        result of prepare
  #   context_bias    (B,T), 0 or -inf for padding; empty: no padding
  #   x               (B,n,d) inputs of those scales, without scale 0, which starts from the pooled text
  #   cache           causal model: K and V of all earlier scales, 2 * depth tensors (B,H,m,C/H); [empty] when first = 0
  #   memory          K-V memories: per block that has any, K (B,M,C) and V (B,M,C); [empty]: none
  #   memory_blocks   (blocks with memory,) their indices
  #   memory_window   (2,M) first scale that sees a pair, first scale that no longer does
  #   memory_bias     (blocks with memory,B,M), 0 or -inf for rows without that pair there; empty: all rows have all
  # -> logits (B,n,V) and the K and V of every block, to be handed back as cache ([empty] unless keep_cache)
  def forward(self: __torch__.Ops, w: Dict[str, Tensor], prepared: List[Tensor], context_bias: Tensor, x: Tensor,
      first: Tensor, last: Tensor, cache: List[Tensor], memory: List[Tensor], memory_blocks: Tensor,
      memory_window: Tensor, memory_bias: Tensor, keep_cache: Tensor) -> Tuple[Tensor, List[Tensor]]:
    a = int(first)
    b = int(last)
    keep = bool(keep_cache)
    h = self.embed(w, prepared[0], x, a, b)
    cached = 0
    if len(cache) > 1:
      cached = cache[0].shape[2]
    begin = 0
    for k in range(a):
      begin += self.sides[k] * self.sides[k]
    rotation = prepared[2][begin:begin + h.shape[1]]
    block_bias = torch.zeros([0], device=h.device)
    if self.causal and b > a:
      block_bias = self.block_causal(h, a, b, cached)
    kept = annotate(List[Tensor], [])
    for i in range(self.depth):
      p = "blocks." + str(i) + "."
      gate1, gate2, scale1, scale2, shift1, shift2 = torch.unbind(prepared[3 + 3 * i].unsqueeze(2), 1)
      y = self.rms_norm(h, w[p + "self_attention_norm1.weight"]) * (scale1 + 1) + shift1
      q, k, v = torch.chunk(torch.linear(y, w[p + "attn.to_qkv.weight"], w[p + "attn.to_qkv.bias"]), 3, 2)
      q = self.rotate(self.split(self.plain_norm(q)), rotation)
      k = self.rotate(self.split(self.plain_norm(k)), rotation)
      v = self.split(v)
      if cached > 0:
        k = torch.cat([cache[2 * i], k], 2)
        v = torch.cat([cache[2 * i + 1], v], 2)
      if keep:
        kept.append(k)
        kept.append(v)
      slot = -1
      if len(memory) > 1:
        for j in range(memory_blocks.shape[0]):
          if int(memory_blocks[j]) == i:
            slot = j
      if slot >= 0:
        bias = memory_bias
        if memory_bias.dim() == 3:
          bias = memory_bias[slot]
        y = self.attend(q, k, v, a, b, cached, block_bias, memory[2 * slot], memory[2 * slot + 1], memory_window, bias)
      else:
        # Not of three dimensions: no memory here, whatever other blocks have.
        y = self.attend(q, k, v, a, b, cached, block_bias, memory_window, memory_window, memory_window, memory_window)
      y = torch.linear(y, w[p + "attn.proj.weight"], w[p + "attn.proj.bias"])
      h = h + gate1 * self.rms_norm(y, w[p + "self_attention_norm2.weight"])
      y = self.cross(w, p, self.rms_norm(h, w[p + "cross_attention_norm1.weight"]), prepared[4 + 3 * i], prepared[5 + 3 * i], context_bias)
      h = h + self.rms_norm(y, w[p + "cross_attention_norm2.weight"])
      y = self.rms_norm(h, w[p + "ffn_norm1.weight"]) * (scale2 + 1) + shift2
      y = torch.silu(torch.linear(y, w[p + "ffn.gate_proj.weight"])) * torch.linear(y, w[p + "ffn.up_proj.weight"])
      y = torch.linear(y, w[p + "ffn.down_proj.weight"])
      h = h + gate2 * self.rms_norm(y, w[p + "ffn_norm2.weight"])
    scale, shift = torch.chunk(prepared[1], 2, 2)
    h = self.plain_norm(h) * (scale + 1) + shift
    if not keep:
      kept.append(torch.zeros([0], device=h.device))
    return (torch.linear(h, w["head.weight"], w["head.bias"]).to(6), kept)

  # inputs of scales a..b -> (B,n,C)
  def embed(self: __torch__.Ops, w: Dict[str, Tensor], start: Tensor, x: Tensor, a: int, b: int) -> Tensor:
    levels = annotate(List[Tensor], [])
    for k in range(max(a, 1), b + 1):
      levels.append(w["lvl_embed.weight"][k].view([1, 1, -1]).expand([1, self.sides[k] * self.sides[k], -1]))
    if len(levels) == 0:
      return start
    h = torch.linear(x.to(start.dtype), w["word_embed.weight"], w["word_embed.bias"]) + torch.cat(levels, 1)
    if a == 0:
      h = torch.cat([start, h], 1)
    return h

  # Self-attention of the queries of scales a..b: a causal model sees the cache and every scale up to its own, the other
  # its own scale only; both see the memories whose window holds the scale. Several scales of a causal model are one
  # attention under the block-causal mask, which costs less than one for each of them. -> (B,n,C)
  def attend(self: __torch__.Ops, q: Tensor, k: Tensor, v: Tensor, a: int, b: int, cached: int, block_bias: Tensor,
      memory_k: Tensor, memory_v: Tensor, memory_window: Tensor, memory_bias: Tensor) -> Tensor:
    if block_bias.dim() == 2:
      bias = block_bias
      if memory_k.dim() == 3:
        seen = torch.nonzero((memory_window[0] <= b).logical_and(memory_window[1] > a)).view([-1])
        if seen.shape[0] > 0:
          k = torch.cat([self.split(torch.index_select(memory_k, 1, seen)), k], 2)
          v = torch.cat([self.split(torch.index_select(memory_v, 1, seen)), v], 2)
          window = torch.index_select(memory_window, 1, seen)
          rows = annotate(List[Tensor], [])
          for scale in range(a, b + 1):
            row = torch.zeros([seen.shape[0]], dtype=q.dtype, device=q.device)
            row = row.masked_fill((window[0] > scale).logical_or(window[1] <= scale), -inf)
            rows.append(row.unsqueeze(0).expand([self.sides[scale] * self.sides[scale], -1]))
          bias = torch.cat([torch.cat(rows, 0), bias], 1)
          if memory_bias.dim() == 2:
            tokens = bias.shape[1] - seen.shape[0]
            row = torch.constant_pad_nd(torch.index_select(memory_bias, 1, seen), [0, tokens], 0.)
            bias = bias + row.view([row.shape[0], 1, 1, -1])
      return self.merge(self.attention(q, k, v, bias))
    outputs = annotate(List[Tensor], [])
    start = 0
    for scale in range(a, b + 1):
      end = start + self.sides[scale] * self.sides[scale]
      begin = 0
      if not self.causal:
        begin = start
      query = q[:, :, start:end]
      keys = k[:, :, begin:cached + end]
      values = v[:, :, begin:cached + end]
      if memory_k.dim() == 3:
        seen = torch.nonzero((memory_window[0] <= scale).logical_and(memory_window[1] > scale)).view([-1])
        if seen.shape[0] > 0:
          tokens = keys.shape[2]
          keys = torch.cat([self.split(torch.index_select(memory_k, 1, seen)), keys], 2)
          values = torch.cat([self.split(torch.index_select(memory_v, 1, seen)), values], 2)
          if memory_bias.dim() == 2:
            bias = torch.constant_pad_nd(torch.index_select(memory_bias, 1, seen), [0, tokens], 0.)
            outputs.append(torch.scaled_dot_product_attention(query, keys, values, bias.view([bias.shape[0], 1, 1, -1])))
          else:
            outputs.append(torch.scaled_dot_product_attention(query, keys, values))
        else:
          outputs.append(torch.scaled_dot_product_attention(query, keys, values))
      else:
        outputs.append(torch.scaled_dot_product_attention(query, keys, values))
      start = end
    return self.merge(torch.cat(outputs, 2))

  # 0 where a query of scales a..b (n) sees a key of the cache or of those scales (cached + n), else -inf
  def block_causal(self: __torch__.Ops, like: Tensor, a: int, b: int, cached: int) -> Tensor:
    rows = annotate(List[Tensor], [])
    tokens = cached
    for scale in range(a, b + 1):
      tokens += self.sides[scale] * self.sides[scale]
    seen = cached
    for scale in range(a, b + 1):
      area = self.sides[scale] * self.sides[scale]
      seen += area
      row = torch.zeros([tokens], dtype=like.dtype, device=like.device)
      row[seen:].fill_(-inf)
      rows.append(row.unsqueeze(0).expand([area, tokens]))
    return torch.cat(rows, 0)

  # softmax(q k' / sqrt(C/H) + bias) v. Written out in bfloat16 on processors, where the backward of PyTorch's fused kernel
  # takes seven times as long.
  def attention(self: __torch__.Ops, q: Tensor, k: Tensor, v: Tensor, bias: Tensor) -> Tensor:
    if q.dtype == 15 and not q.is_cuda:
      scores = torch.matmul(q * (1. / torch.sqrt(float(q.shape[3]))), k.transpose(2, 3)) + bias
      return torch.matmul(torch.softmax(scores, 3), v)
    return torch.scaled_dot_product_attention(q, k, v, bias)

  def cross(self: __torch__.Ops, w: Dict[str, Tensor], p: str, y: Tensor, k: Tensor, v: Tensor, bias: Tensor) -> Tensor:
    q = self.split(self.plain_norm(torch.linear(y, w[p + "cross_attn.to_q.weight"], w[p + "cross_attn.to_q.bias"])))
    if bias.dim() == 2:
      y = self.attention(q, k, v, bias.to(q.dtype).view([bias.shape[0], 1, 1, -1]))
    else:
      y = torch.scaled_dot_product_attention(q, k, v)
    return torch.linear(self.merge(y), w[p + "cross_attn.proj.weight"], w[p + "cross_attn.proj.bias"])

  # (B,n,C) <-> (B,H,n,C/H)
  def split(self: __torch__.Ops, x: Tensor) -> Tensor:
    return x.view([x.shape[0], x.shape[1], self.heads, -1]).transpose(1, 2)

  def merge(self: __torch__.Ops, x: Tensor) -> Tensor:
    return torch.flatten(x.transpose(1, 2), 2)

  # RMS norm with weight over the last dimension, in fp32
  def rms_norm(self: __torch__.Ops, x: Tensor, weight: Tensor) -> Tensor:
    y = x.to(6)
    y = y * torch.rsqrt(torch.mean(y * y, [-1], True) + 1e-6)
    return y.to(x.dtype) * weight

  # layer norm without weight over the whole width, in fp32
  def plain_norm(self: __torch__.Ops, x: Tensor) -> Tensor:
    return torch.layer_norm(x.to(6), [x.shape[-1]], None, None, 1e-6).to(x.dtype)

  # 2-D rotary angles of every token of every scale as unit complex numbers (L, 32, 2). A coordinate c of side p stands
  # at c * rope_size / (p - 1); half of the angles turn with the column, half with the row.
  def rotations(self: __torch__.Ops, like: Tensor) -> Tensor:
    quarter = like.shape[-1] // self.heads // 4
    j = torch.arange(quarter, dtype=6, device=like.device)
    frequency = torch.pow(torch.full_like(j, self.rope_theta), j / float(-quarter))
    angles = annotate(List[Tensor], [])
    for side in self.sides:
      c = torch.arange(side, dtype=6, device=like.device) * (self.rope_size / float(max(side - 1, 1)))
      a = c.unsqueeze(1) * frequency
      x = a.unsqueeze(0).expand([side, side, quarter])
      y = a.unsqueeze(1).expand([side, side, quarter])
      angles.append(torch.cat([x, y], 2).view([side * side, 2 * quarter]))
    angle = torch.cat(angles, 0)
    return torch.stack([torch.cos(angle), torch.sin(angle)], 2)

  # rotates adjacent channels (2j, 2j+1) of x (B,H,n,C/H) by the angles of its n tokens
  def rotate(self: __torch__.Ops, x: Tensor, rotation: Tensor) -> Tensor:
    pairs = torch.view_as_complex(x.to(6).reshape([x.shape[0], x.shape[1], x.shape[2], -1, 2]))
    return torch.flatten(torch.view_as_real(pairs * torch.view_as_complex(rotation)), 3).to(x.dtype)

  # crop (B,4) -> (B,C): random Fourier features of the four integers. In half precision the angles would be noise.
  def crop_embedding(self: __torch__.Ops, w: Dict[str, Tensor], crop: Tensor) -> Tensor:
    angle = crop.to(6).unsqueeze(2) * w["crop_embed.weight"].to(6) * 6.283185307179586
    features = torch.flatten(torch.cat([torch.sin(angle), torch.cos(angle)], 2), 1)
    return torch.linear(features.to(w["crop_proj.weight"].dtype), w["crop_proj.weight"], w["crop_proj.bias"])

  # One training step, in place: forward, loss, gradients, clipping, AdamW, moving average of the weights. With
  # half_precision the forward runs in bfloat16 on copies of the fp32 weights. state holds first., second. and average.
  # of every weight; tokens (B,L), x (B,L-1,d) teacher-forcing input, token_weights (L,) with sum 1;
  # schedule as in adamw, followed by the decay of the average
  # -> (1 + K,) gradient norm and mean cross-entropy of every scale
  def train_step(self: __torch__.Ops, w: Dict[str, Tensor], state: Dict[str, Tensor], context: Tensor, context_bias: Tensor,
      pooled: Tensor, crop: Tensor, x: Tensor, tokens: Tensor, token_weights: Tensor, schedule: Tensor) -> Tensor:
    found = self.gradients(w, context, context_bias, pooled, crop, x, tokens, token_weights)
    return self.optimise(w, state, found, schedule)

  # The first half of a training step. Several threads may compute it for parts of a batch; the means of what they find
  # go into `optimise`. -> mean cross-entropy of every scale (K,), gradients of all weights by name
  def gradients(self: __torch__.Ops, w: Dict[str, Tensor], context: Tensor, context_bias: Tensor, pooled: Tensor,
      crop: Tensor, x: Tensor, tokens: Tensor, token_weights: Tensor) -> List[Tensor]:
    weights = self.leaves(w)
    used = self.used(w)
    none = torch.zeros([0], device=x.device)
    prepared = self.prepare(used, context, pooled, crop)
    logits, cache = self.forward(used, prepared, context_bias, x, torch.zeros([], dtype=4),
      torch.full([], len(self.sides) - 1, dtype=4), [none], [none], none, none, none, torch.zeros([], dtype=4))
    ce = torch.cross_entropy_loss(torch.flatten(logits, 0, 1), tokens.reshape([-1]), None, 0).view(tokens.shape)
    means = annotate(List[Tensor], [])
    begin = 0
    for side in self.sides:
      means.append(torch.mean(ce[:, begin:begin + side * side].detach()))
      begin += side * side
    result = [torch.stack(means)]
    result.extend(self.derivatives(torch.mean(torch.sum(ce * token_weights, [1])), weights))
    return result

  # The second half of a training step.
  def optimise(self: __torch__.Ops, w: Dict[str, Tensor], state: Dict[str, Tensor], found: List[Tensor], schedule: Tensor) -> Tensor:
    return torch.cat([self.update(w, state, found[1:], schedule), found[0]])

  # include optimiser.py

  # include training.py
