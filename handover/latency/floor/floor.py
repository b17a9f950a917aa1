"""The floor: the least that can answer with this model in Python. No contract, no hashes, no telemetry."""

import os

import numpy as np
import onnxruntime

options = onnxruntime.SessionOptions()
options.intra_op_num_threads = options.inter_op_num_threads = 1
session = onnxruntime.InferenceSession(
    os.environ["DELIVERY"] + "/model.onnx", options, providers=["CPUExecutionProvider"]
)
row = np.zeros((1, session.get_inputs()[0].shape[1]), np.float32)


def handler(event: object, context: object) -> float:
    """Run the model once, whatever is asked; of several scores, give the first."""
    return float(session.run(["score"], {"features": row})[0].flat[0])
