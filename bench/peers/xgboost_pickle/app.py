"""After the template "apigw-xgboost" of aws/aws-sam-cli-app-templates ("Machine Learning Inference API").

A container image, `pip install -t .` in its Dockerfile, the model loaded at import, here from a pickle; it validates
nothing. The pickle holds the booster, which XGBoost runs without scikit-learn.
"""

import json
import pickle
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import xgboost
from features import features

model = pickle.loads(Path("xgboost.pkl").read_bytes())


def lambda_handler(event, context):
    row = SimpleNamespace(**json.loads(event["body"]))
    x = xgboost.DMatrix(np.array([features(row)], dtype=np.float32))
    prediction = float(model.predict(x)[0])
    return {"statusCode": 200, "body": json.dumps({"score": prediction})}
