"""After "Request Body" and "Run a Server Manually" (FastAPI documentation): an app under uvicorn, one worker."""

import numpy as np
import onnxruntime
from fastapi import FastAPI
from features import features
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
