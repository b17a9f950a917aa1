"""After "Hello world" and "Define input and output types" (BentoML documentation): a pydantic root input."""

import bentoml
import numpy as np
import onnxruntime
from features import features
from pydantic import BaseModel
from row import Row


class Answer(BaseModel):
    score: float


@bentoml.service(workers=1)
class Predictor:
    def __init__(self) -> None:
        self.session = onnxruntime.InferenceSession("model.onnx", providers=["CPUExecutionProvider"])

    @bentoml.api
    def predict(self, row: Row, /) -> Answer:
        vector = np.array([features(row)], dtype=np.float32)
        return Answer(score=float(self.session.run(["score"], {"features": vector})[0][0]))
