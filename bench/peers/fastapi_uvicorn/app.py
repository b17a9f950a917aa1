"""After "Request Body" and "Run a Server Manually" (FastAPI documentation): an app under uvicorn, one worker."""

from answer import predict
from fastapi import FastAPI

app = FastAPI()
app.post("/predict")(predict)
