"""Loads the TorchScript programs of src/main/resources/programs into plain PyTorch.

The Java service does the same in io.diptych.engine.program: the text of a program and the values of its
attributes are packed into an in-memory TorchScript archive. Keep the two in step.
"""

import io
import pathlib
import re
import struct
import zipfile

import torch

PROGRAMS = pathlib.Path(__file__).resolve().parent.parent / "src/main/resources/programs"
INCLUDE = re.compile(r"^  # include (\S+)\n", re.MULTILINE)
# With an older format version some operators have other signatures (gelu without `approximate`).
FORMAT_VERSION = b"10\n"


def load(name, attributes, device="cpu"):
    """The program NAME with its declared attributes set: a module with one callable per method."""
    source = text(name)
    return torch.jit.load(io.BytesIO(archive(source, attributes)), map_location=device)


def text(name):
    """The text of a program; a line `# include FILE` stands for the methods in that file."""
    source = (PROGRAMS / f"{name}.py").read_text()
    return INCLUDE.sub(lambda m: (PROGRAMS / m.group(1)).read_text(), source)


def archive(source, attributes):
    declared = re.findall(r"^  (\w+) : ", source, re.MULTILINE)
    missing = [a for a in declared if a != "training" and a not in attributes]
    if missing:
        raise ValueError(f"attributes without a value: {missing}")
    values = {"training": False} | {a: attributes[a] for a in declared if a != "training"}
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_STORED) as z:
        z.writestr("program/data.pkl", _pickle_module(values))
        z.writestr("program/code/__torch__.py", source)
        z.writestr("program/constants.pkl", b"\x80\x02).")
        z.writestr("program/version", FORMAT_VERSION)
    return out.getvalue()


def _pickle_module(values):
    out = b"\x80\x02c__torch__\nOps\n)\x81}("
    for key, value in values.items():
        out += _unicode(key) + _value(value)
    return out + b"ub."


def _unicode(text):
    data = text.encode()
    return b"X" + struct.pack("<I", len(data)) + data


def _value(value):
    if isinstance(value, bool):
        return b"\x88" if value else b"\x89"
    if isinstance(value, int):
        return b"J" + struct.pack("<i", value)
    if isinstance(value, float):
        return b"G" + struct.pack(">d", value)
    kind = "intlist" if all(isinstance(v, int) for v in value) else "doublelist"
    items = b"".join(_value(v) for v in value)
    return b"ctorch.jit._pickle\nbuild_" + kind.encode() + b"\n](" + items + b"e\x85R"
