"""What three peers do for a request: their library has validated the row, and writes the answer."""

import numpy as np
import onnxruntime
from features import features
from pydantic import BaseModel
from row import Row

session = onnxruntime.InferenceSession("model.onnx", providers=["CPUExecutionProvider"])


class Answer(BaseModel):
    score: float


def predict(row: Row) -> Answer:
    vector = np.array([features(row)], dtype=np.float32)
    return Answer(score=float(session.run(["score"], {"features": vector})[0][0]))
