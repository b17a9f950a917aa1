"""After "REST API: Data validation" (Powertools for AWS Lambda, Python): the resolver with enable_validation=True."""

import numpy as np
import onnxruntime
from aws_lambda_powertools.event_handler import APIGatewayHttpResolver
from features import features
from pydantic import BaseModel
from row import Row

session = onnxruntime.InferenceSession("model.onnx", providers=["CPUExecutionProvider"])
app = APIGatewayHttpResolver(enable_validation=True)


class Answer(BaseModel):
    score: float


@app.post("/predict")
def predict(row: Row) -> Answer:
    vector = np.array([features(row)], dtype=np.float32)
    return Answer(score=float(session.run(["score"], {"features": vector})[0][0]))


def handler(event, context):
    return app.resolve(event, context)
