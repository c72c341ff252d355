  # Random numbers from a counter: the same for the same key, scale and position, alone and in any batch, on any device.

  # key (B,2) of 32-bit words -> (B,count) in (0,1), both ends excluded: 23 bits and a half are exact in fp32
  def uniform(self: __torch__.Ops, key: Tensor, scale: int, count: int) -> Tensor:
    counter = torch.arange(count, dtype=4, device=key.device).unsqueeze(0)
    h = self.mix((counter * 2654435769 + key[:, 0:1]).bitwise_and(4294967295))
    h = self.mix((h + key[:, 1:2] + (scale + 1) * 3266489917).bitwise_and(4294967295))
    return (self.mix(h.bitwise_xor(key[:, 0:1])).bitwise_right_shift(9).to(6) + 0.5) * 1.1920928955078125e-07

  # a bijection of 32-bit words, kept in 64-bit integers, with full avalanche (the finaliser of MurmurHash3)
  def mix(self: __torch__.Ops, h: Tensor) -> Tensor:
    h = (h.bitwise_xor(h.bitwise_right_shift(16)) * 2246822507).bitwise_and(4294967295)
    h = (h.bitwise_xor(h.bitwise_right_shift(13)) * 3266489909).bitwise_and(4294967295)
    return h.bitwise_xor(h.bitwise_right_shift(16))
