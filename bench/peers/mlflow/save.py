"""After "MLflow Models" and "MLflow Model Serving" (MLflow documentation): a pipeline saved with a signature.

It holds the scikit-learn model and what lays its rows out, for `mlflow models serve --env-manager local`; the server
compares each request with the signature, which knows names and types but neither ranges nor categories.
"""

import json
import pickle
import sys
from pathlib import Path

import mlflow
import pandas as pd
from columns import to_matrix
from mlflow.models import infer_signature
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer

rows = pd.DataFrame(json.loads(Path("expected.json").read_text())["rows"])
model = make_pipeline(FunctionTransformer(to_matrix), pickle.loads(Path("model.pkl").read_bytes()))
mlflow.sklearn.save_model(
    model,
    sys.argv[1],
    signature=infer_signature(rows, model.predict_proba(rows)),
    pyfunc_predict_fn="predict_proba",
    serialization_format="cloudpickle",
    code_paths=["columns.py", "features.py", "heuristics.py"],
    pip_requirements=[],
)
