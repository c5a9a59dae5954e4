"""Writes small models in every format into OUT/1, and the caches of model hubs into OUT/2 and OUT/3."""

import hashlib
import json
import os
import pathlib
import sys
import zipfile

import gguf
import numpy as np
import onnx
from onnx import TensorProto, helper
from safetensors.numpy import save_file

OUT = pathlib.Path(sys.argv[1])
COMMIT = "0123456789abcdef0123456789abcdef01234567"
WEIGHTS = np.zeros((4, 8), dtype=np.float16)


def directory(*parts):
    path = OUT.joinpath(*parts)
    path.mkdir(parents=True, exist_ok=True)
    return path


def write_gguf(path, endianess=gguf.GGUFEndian.LITTLE):
    writer = gguf.GGUFWriter(str(path), "llama", endianess=endianess)
    writer.add_name("Tiny Llama")
    writer.add_version("v1.0")
    writer.add_license("apache-2.0")
    writer.add_size_label("32")
    writer.add_file_type(gguf.LlamaFileType.MOSTLY_F16)
    writer.add_context_length(128)
    writer.add_tokenizer_model("gpt2")
    writer.add_token_list([f"token{number}" for number in range(5000)])
    writer.add_token_scores([0.5] * 5000)
    writer.add_tensor("token_embd.weight", WEIGHTS)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()


def write_onnx(path):
    value = [helper.make_tensor_value_info(name, TensorProto.FLOAT, [1]) for name in "xy"]
    graph = helper.make_graph([helper.make_node("Relu", ["x"], ["y"])], "g", value[:1], value[1:])
    model = helper.make_model(
        graph,
        producer_name="pytorch",
        producer_version="2.4.0",
        model_version=3,
        opset_imports=[helper.make_opsetid("", 17), helper.make_opsetid("com.microsoft", 1)],
    )
    helper.set_model_props(model, {"license": "MIT"})
    onnx.save(model, path)


def field(number, value):
    """A field of a protocol buffer: a short text or message."""
    assert len(value) < 128
    return bytes([number << 3 | 2, len(value)]) + value


def zipped(path, files):
    with zipfile.ZipFile(path, "w", zipfile.ZIP_STORED) as archive:
        for name, content in files.items():
            archive.writestr(zipfile.ZipInfo(name), content)


def formats():
    models = directory("1", "models")
    write_gguf(models / "tiny.gguf")
    write_gguf(models / "tiny-s390x.gguf", gguf.GGUFEndian.BIG)
    shards = directory("1", "models", "sharded")
    for number in (1, 2):
        name = f"model-0000{number}-of-00002.safetensors"
        save_file({f"w{number}": WEIGHTS}, shards / name, metadata={"format": "pt"})
    (shards / "config.json").write_text(
        json.dumps({"architectures": ["LlamaForCausalLM"], "model_type": "llama", "transformers_version": "4.44.0"})
    )
    (shards / "README.md").write_text(
        "---\nlicense: other\nlicense_name: llama3\nbase_model:\n- org/base\npipeline_tag: text-generation\n---\n# Tiny\n"
    )
    lora = directory("1", "models", "lora")
    save_file({"a": WEIGHTS}, lora / "adapter_model.safetensors", metadata={"format": "pt"})
    (lora / "adapter_config.json").write_text(
        json.dumps({"base_model_name_or_path": "org/base", "peft_type": "LORA", "r": 8})
    )
    write_onnx(directory("1", "models", "relu", "1") / "model.onnx")
    saved = directory("1", "models", "saved")
    info = field(4, b"serve") + field(5, b"2.16.1")
    (saved / "saved_model.pb").write_bytes(b"\x08\x01" + field(2, field(1, info) + field(2, b"")))
    uuid = b"123456789012345678901234567890"
    (saved / "fingerprint.pb").write_bytes(b"\x08\x07" + field(7, uuid))
    zipped(
        models / "digits.keras",
        {
            "metadata.json": json.dumps({"keras_version": "3.5.0", "date_saved": "2024-09-01@00:00:00"}),
            "config.json": json.dumps({"module": "keras", "class_name": "Functional", "config": {"name": "digits"}}),
            "model.weights.h5": b"\x89HDF\r\n\x1a\n",
        },
    )
    zipped(
        models / "net.pt",
        {"net/data.pkl": b"\x80\x02}q\x00.", "net/byteorder": b"little", "net/data/0": bytes(64), "net/version": b"3\n"},
    )
    engine = b"ftrt" + bytes(20) + bytes([8, 6, 1, 6]) + bytes(100)
    (models / "net.plan").write_bytes(engine)
    # As `huggingface-cli download --local-dir` leaves it.
    local = directory("1", "models", "local")
    save_file({"w": WEIGHTS}, local / "model.safetensors", metadata={"format": "pt"})
    digest = hashlib.sha256((local / "model.safetensors").read_bytes()).hexdigest()
    notes = directory("1", "models", "local", ".cache", "huggingface", "download")
    (notes / "model.safetensors.metadata").write_text(f"{COMMIT}\n{digest}\n1723024871.2\n")


def hub():
    repository = directory("2", "root", ".cache", "huggingface", "hub", "models--org--tiny")
    for name in ("blobs", "refs", f"snapshots/{COMMIT}"):
        (repository / name).mkdir(parents=True)
    (repository / "refs" / "main").write_text(COMMIT)
    weights = repository / "weights"
    save_file({"w": WEIGHTS}, weights, metadata={"format": "pt"})
    config = json.dumps({"architectures": ["BertModel"], "model_type": "bert", "transformers_version": "4.41.2"})
    card = "---\nlicense: mit\nlibrary_name: transformers\n---\n"
    for name, content in (
        ("model.safetensors", weights.read_bytes()),
        ("config.json", config.encode()),
        ("README.md", card.encode()),
    ):
        # Large files are named by SHA-256, others as Git names them.
        sha1 = hashlib.sha1(b"blob %d\0" % len(content) + content).hexdigest()
        digest = hashlib.sha256(content).hexdigest() if name.endswith("safetensors") else sha1
        (repository / "blobs" / digest).write_bytes(content)
        os.symlink(f"../../blobs/{digest}", repository / "snapshots" / COMMIT / name)
    weights.unlink()


def others():
    blobs = directory("3", "root", ".ollama", "models", "blobs")
    model = blobs / "model"
    write_gguf(model)
    digest = hashlib.sha256(model.read_bytes()).hexdigest()
    model.rename(blobs / f"sha256-{digest}")
    manifest = {
        "schemaVersion": 2,
        "mediaType": "application/vnd.docker.distribution.manifest.v2+json",
        "config": {"mediaType": "application/vnd.docker.container.image.v1+json", "digest": "sha256:" + 64 * "0", "size": 1},
        "layers": [{"mediaType": "application/vnd.ollama.image.model", "digest": f"sha256:{digest}", "size": 1}],
    }
    name = directory("3", "root", ".ollama", "models", "manifests", "registry.ollama.ai", "library", "tiny")
    (name / "latest").write_text(json.dumps(manifest))
    scope = directory("3", "root", ".cache", "modelscope", "hub", "models", "Qwen", "Qwen2___5-7B")
    (scope / ".mv").write_text("Revision:master,CreatedAt:1691474132")


formats()
hub()
others()
