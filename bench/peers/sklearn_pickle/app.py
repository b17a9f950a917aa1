"""After the template "apigw-scikit" of aws/aws-sam-cli-app-templates ("Machine Learning Inference API").

A container image, `pip install -t .` in its Dockerfile, the model loaded with joblib at import; it validates nothing.
"""

import json
from types import SimpleNamespace

import joblib
import numpy as np
from features import features

model = joblib.load("model.pkl")


def lambda_handler(event, context):
    row = SimpleNamespace(**json.loads(event["body"]))
    x = np.array([features(row)], dtype=np.float32)
    prediction = float(model.predict_proba(x)[0, 1])
    return {"statusCode": 200, "body": json.dumps({"score": prediction})}
