"""After "Request Body" (FastAPI documentation) and the example in Mangum's README: an app, wrapped, lifespan off."""

from answer import predict
from fastapi import FastAPI
from mangum import Mangum

app = FastAPI()
app.post("/predict")(predict)
handler = Mangum(app, lifespan="off")
