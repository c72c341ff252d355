# The text half of CLIP (backbones.md 2.2), weights in Hugging Face names: causal, pre-LN.
# B prompts, T tokens of the longest, P and S tokens of the longest constant prefix and of the longest rest.
class Ops(Module):
  __parameters__ = []
  __buffers__ = []
  training : bool
  depth : int
  heads : int
  epsilon : float
  quick : bool

  # include text.py

  def feed_forward(self: __torch__.Ops, w: Dict[str, Tensor], block: str, x: Tensor) -> Tensor:
    h = self.linear(w, block + ".mlp.fc1", self.norm(w, block + ".layer_norm2", x))
    if self.quick:
      h = h * torch.sigmoid(h * 1.702)
    else:
      h = torch.gelu(h)
    return x + self.linear(w, block + ".mlp.fc2", h)

  # Token embeddings (B, S, C): ids from the vocabulary's size on are rows of the learned table.
  def embed(self: __torch__.Ops, w: Dict[str, Tensor], ids: Tensor, rows: Tensor, positions: Tensor) -> Tensor:
    table = w["text_model.embeddings.token_embedding.weight"]
    size = table.size(0)
    x = torch.embedding(table, torch.clamp(ids, 0, size - 1))
    learned = torch.embedding(rows.to(table), torch.clamp(ids - size, 0, rows.size(0) - 1))
    x = torch.where(torch.unsqueeze(ids >= size, -1), learned, x)
    return x + torch.embedding(w["text_model.embeddings.position_embedding.weight"], positions)

  # What does not depend on learned rows. ids (B, P), padded at the end.
  # Keys and values (depth, B, heads, P, C / heads), last hidden states (B, P, C).
  def prefix(self: __torch__.Ops, w: Dict[str, Tensor], ids: Tensor) -> Tuple[Tensor, Tensor, Tensor]:
    x = torch.embedding(w["text_model.embeddings.token_embedding.weight"], ids)
    x = x + torch.slice(w["text_model.embeddings.position_embedding.weight"], 0, 0, ids.size(1))
    keys = annotate(List[Tensor], [])
    values = annotate(List[Tensor], [])
    for i in range(self.depth):
      block = "text_model.encoder.layers." + str(i)
      h = self.norm(w, block + ".layer_norm1", x)
      q = self.split(self.linear(w, block + ".self_attn.q_proj", h))
      k = self.split(self.linear(w, block + ".self_attn.k_proj", h))
      v = self.split(self.linear(w, block + ".self_attn.v_proj", h))
      keys.append(k)
      values.append(v)
      a = torch.scaled_dot_product_attention(q, k, v, None, 0., True)
      x = x + self.linear(w, block + ".self_attn.out_proj", torch.flatten(a.transpose(1, 2), 2))
      x = self.feed_forward(w, block, x)
    return (torch.stack(keys), torch.stack(values), self.norm(w, "text_model.final_layer_norm", x))

  # ids, positions (B, S); attention (B, 1, S, P + S), true where a token may look; keys, values and before as
  # `prefix` gives them; order (B * T) picks each prompt's tokens out of its prefix and rest; real (B, T, 1) is 1
  # for tokens and 0 for padding; end (B) picks the end-of-text tokens.
  # Last hidden states (B, T, C), zero for padding, and pooled (B, C).
  def encode(self: __torch__.Ops, w: Dict[str, Tensor], ids: Tensor, rows: Tensor, positions: Tensor, attention: Tensor, keys: Tensor, values: Tensor, before: Tensor, order: Tensor, real: Tensor, end: Tensor) -> Tuple[Tensor, Tensor]:
    x = self.embed(w, ids, rows, positions)
    for i in range(self.depth):
      block = "text_model.encoder.layers." + str(i)
      h = self.norm(w, block + ".layer_norm1", x)
      q = self.split(self.linear(w, block + ".self_attn.q_proj", h))
      k = self.split(self.linear(w, block + ".self_attn.k_proj", h))
      k = torch.cat([keys[i].to(k), k], 2)
      v = self.split(self.linear(w, block + ".self_attn.v_proj", h))
      v = torch.cat([values[i].to(v), v], 2)
      a = torch.scaled_dot_product_attention(q, k, v, attention)
      x = x + self.linear(w, block + ".self_attn.out_proj", torch.flatten(a.transpose(1, 2), 2))
      x = self.feed_forward(w, block, x)
    x = self.norm(w, "text_model.final_layer_norm", x)
    width = x.size(2)
    x = torch.index_select(torch.cat([before.to(x), x], 1).view([-1, width]), 0, order)
    pooled = torch.index_select(x, 0, end)
    return (x.view([real.size(0), real.size(1), width]) * real.to(x), pooled)

  def project(self: __torch__.Ops, w: Dict[str, Tensor], x: Tensor) -> Tensor:
    return torch.linear(x, w["text_projection.weight"])

  # Ordinary embedding rows (n, C) in fp32.
  def words(self: __torch__.Ops, w: Dict[str, Tensor], ids: Tensor) -> Tensor:
    return torch.embedding(w["text_model.embeddings.token_embedding.weight"], ids).to(6)
