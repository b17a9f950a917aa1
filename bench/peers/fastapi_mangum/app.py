"""After "Request Body" (FastAPI documentation) and the example in Mangum's README: an app, wrapped, lifespan off."""

import numpy as np
import onnxruntime
from fastapi import FastAPI
from features import features
from mangum import Mangum
from pydantic import BaseModel
from row import Row

session = onnxruntime.InferenceSession("model.onnx", providers=["CPUExecutionProvider"])
app = FastAPI()


class Answer(BaseModel):
    score: float


@app.post("/predict")
def predict(row: Row) -> Answer:
    vector = np.array([features(row)], dtype=np.float32)
    return Answer(score=float(session.run(["score"], {"features": vector})[0][0]))


handler = Mangum(app, lifespan="off")
