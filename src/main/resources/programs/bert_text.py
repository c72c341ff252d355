# BERT as in all-MiniLM-L6-v2, weights in Hugging Face names: bidirectional, post-LN. B prompts, T tokens of the longest.
class Ops(Module):
  __parameters__ = []
  __buffers__ = []
  training : bool
  depth : int
  heads : int
  epsilon : float

  # include text.py

  # Ids from the vocabulary's size on are rows of the learned table.
  def embed(self: __torch__.Ops, w: Dict[str, Tensor], ids: Tensor, rows: Tensor) -> Tensor:
    table = w["embeddings.word_embeddings.weight"]
    size = table.size(0)
    x = torch.embedding(table, torch.clamp(ids, 0, size - 1))
    learned = torch.embedding(rows.to(table), torch.clamp(ids - size, 0, rows.size(0) - 1))
    x = torch.where(torch.unsqueeze(ids >= size, -1), learned, x)
    x = x + w["embeddings.token_type_embeddings.weight"][0]
    x = x + torch.slice(w["embeddings.position_embeddings.weight"], 0, 0, ids.size(1))
    return self.norm(w, "embeddings.LayerNorm", x)

  # ids (B, T); real (B, T, 1) is 1 for tokens and 0 for padding.
  # Last hidden states (B, T, C), zero for padding, and their mean over each prompt's tokens (B, C).
  def encode(self: __torch__.Ops, w: Dict[str, Tensor], ids: Tensor, rows: Tensor, real: Tensor) -> Tuple[Tensor, Tensor]:
    x = self.embed(w, ids, rows)
    visible = torch.unsqueeze(real.transpose(1, 2) > 0, 1)
    for i in range(self.depth):
      block = "encoder.layer." + str(i)
      q = self.split(self.linear(w, block + ".attention.self.query", x))
      k = self.split(self.linear(w, block + ".attention.self.key", x))
      v = self.split(self.linear(w, block + ".attention.self.value", x))
      a = torch.scaled_dot_product_attention(q, k, v, visible)
      a = self.linear(w, block + ".attention.output.dense", torch.flatten(a.transpose(1, 2), 2))
      x = self.norm(w, block + ".attention.output.LayerNorm", x + a)
      h = torch.gelu(self.linear(w, block + ".intermediate.dense", x))
      x = self.norm(w, block + ".output.LayerNorm", x + self.linear(w, block + ".output.dense", h))
    real = real.to(x)
    x = x * real
    return (x, torch.sum(x, [1]) / torch.sum(real, [1]))

  # Ordinary embedding rows (n, C) in fp32.
  def words(self: __torch__.Ops, w: Dict[str, Tensor], ids: Tensor) -> Tensor:
    return torch.embedding(w["embeddings.word_embeddings.weight"], ids).to(6)
