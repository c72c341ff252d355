class Ops(Module):
  __parameters__ = []
  __buffers__ = []
  training : bool
  def bfloat16(self: __torch__.Ops, x: Tensor) -> Tensor:
    return x.to(15)
  def float32(self: __torch__.Ops, x: Tensor) -> Tensor:
    return x.to(6)
