"""Names and shapes of the models' weights, as in VqvaeArchitecture and SwittiArchitecture of the Java engine."""


def vqvae(a):
    shapes = {}

    def conv(p, output, input_, kernel):
        shapes[p + ".weight"] = (output, input_, kernel, kernel)
        shapes[p + ".bias"] = (output,)

    def norm(p, width):
        shapes[p + ".weight"] = shapes[p + ".bias"] = (width,)

    def residual(p, input_, output):
        norm(p + ".norm1", input_)
        conv(p + ".conv1", output, input_, 3)
        norm(p + ".norm2", output)
        conv(p + ".conv2", output, output, 3)
        if input_ != output:
            conv(p + ".nin_shortcut", output, input_, 1)

    def attention(p, width):
        norm(p + ".norm", width)
        conv(p + ".qkv", 3 * width, width, 1)
        conv(p + ".proj_out", width, width, 1)

    def middle(p, width):
        residual(p + ".block_1", width, width)
        attention(p + ".attn_1", width)
        residual(p + ".block_2", width, width)

    def level(p, width, number, blocks):
        output = a["channels"] * multipliers[number]
        for i in range(blocks):
            residual(f"{p}.block.{i}", width, output)
            width = output
            if number == len(multipliers) - 1:
                attention(f"{p}.attn.{i}", width)
        return width

    def up(path, width, coarsest):
        for number in range(coarsest, -1, -1):
            p = f"{path}.up.{number}"
            if a.get("grain") and number < last:
                shapes[p + ".grain.weight"] = (width, a["grain"], 1, 1)
            width = level(p, width, number, a["residualBlocks"] + 1)
            if number > 0:
                conv(p + ".upsample.conv", width, width, 3)
        norm(path + ".norm_out", width)
        conv(path + ".conv_out", 3, width, 3)

    multipliers = a["channelMultipliers"]
    d, last = a["latentChannels"], len(multipliers) - 1
    width = a["channels"]
    conv("encoder.conv_in", width, 3, 3)
    for number in range(last + 1):
        p = f"encoder.down.{number}"
        width = level(p, width, number, a["residualBlocks"])
        if number < last:
            conv(p + ".downsample.conv", width, width, 3)
    middle("encoder.mid", width)
    norm("encoder.norm_out", width)
    conv("encoder.conv_out", d, width, 3)
    conv("quant_conv", d, d, 3)
    conv("post_quant_conv", d, d, 3)
    conv("decoder.conv_in", width, d, 3)
    middle("decoder.mid", width)
    up("decoder", width, last)
    drawn = a.get("drawnLevels", 0)
    if drawn:
        up("decoder.drawn", a["channels"] * multipliers[drawn], drawn - 1)
    shapes["quantize.embedding.weight"] = (a["codes"], d)
    for j in range(4):
        conv(f"quantize.quant_resi.qresi_ls.{j}", d, d, 3)
    return shapes


def discriminator(a):
    """The discriminator of a VQ-VAE's pictures, which is trained beside its decoder and not shipped."""
    shapes = {}
    width, last = 3, len(a["channelMultipliers"]) - 1
    for k in range(last + 1):
        p = f"discriminator.stages.{k}"
        output = min(64 << k, 128)
        input_, kernel = (width + a["latentChannels"], 3) if k == last else (width, 4)
        shapes[p + ".conv.weight"], shapes[p + ".conv.bias"] = (output, input_, kernel, kernel), (output,)
        if 0 < k < last:
            shapes[p + ".norm.weight"] = shapes[p + ".norm.bias"] = (output,)
        shapes[p + ".verdict.weight"], shapes[p + ".verdict.bias"] = (1, output, 3, 3), (1,)
        width = output
    return shapes


def reader(a, classes):
    """Reads a judge's verdict off the quantised maps of a VQ-VAE; trained beside it and not shipped."""
    return {
        "reader.hidden.weight": (128, 4 * a["latentChannels"]),
        "reader.hidden.bias": (128,),
        "reader.out.weight": (classes, 128),
        "reader.out.bias": (classes,),
    }


def switti(a):
    shapes = {}

    def linear(p, output, input_):
        shapes[p + ".weight"] = (output, input_)
        shapes[p + ".bias"] = (output,)

    c, text, hidden = a["width"], a["textWidth"], a["width"] * 8 // 3
    shapes["pos_start"] = (1, 1, c)
    linear("word_embed", c, a["latentChannels"])
    linear("text_pooler", c, a["pooledWidth"])
    shapes["lvl_embed.weight"] = (len(a["sides"]), c)
    linear("head_nm.ada_lin.1", 2 * c, c)
    linear("head", a["codes"], c)
    for block in range(a["depth"]):
        p = f"blocks.{block}."
        linear(p + "attn.to_qkv", 3 * c, c)
        linear(p + "attn.proj", c, c)
        linear(p + "cross_attn.to_q", c, c)
        linear(p + "cross_attn.to_kv", 2 * c, text)
        linear(p + "cross_attn.proj", c, c)
        shapes[p + "ffn.up_proj.weight"] = shapes[p + "ffn.gate_proj.weight"] = (hidden, c)
        shapes[p + "ffn.down_proj.weight"] = (c, hidden)
        for norm in ("self_attention_norm", "cross_attention_norm", "ffn_norm"):
            shapes[p + norm + "1.weight"] = shapes[p + norm + "2.weight"] = (c,)
        shapes[p + "attention_y_norm.weight"] = (text,)
        linear(p + "ada_lin.1", 6 * c, c)
    return shapes


def judge(a):
    shapes = {}
    width = 3
    for k, output in enumerate(a["widths"]):
        p = f"stages.{k}"
        shapes[p + ".down.weight"], shapes[p + ".down.bias"] = (output, width, 3, 3), (output,)
        width = output
        for i in ("1", "2"):
            shapes[f"{p}.norm{i}.weight"] = shapes[f"{p}.norm{i}.bias"] = (width,)
            shapes[f"{p}.conv{i}.weight"], shapes[f"{p}.conv{i}.bias"] = (width, width, 3, 3), (width,)
    shapes["norm.weight"] = shapes["norm.bias"] = (width,)
    shapes["head.weight"], shapes["head.bias"] = (a["classes"], width), (a["classes"],)
    return shapes
