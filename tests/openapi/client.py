"""Asks by the Python client that was generated into ``client/``: client.py URL ROW REFUSED; prints the answers."""

import json
import sys

from client import Client
from client.api.about import contract, health
from client.api.prediction import predict, predict_batch
from client.models import Row

url, row, refused = sys.argv[1], *(Row.from_dict(json.loads(text)) for text in sys.argv[2:])
api = Client(base_url=url, raise_on_unexpected_status=True)
answers = {
    "one": predict.sync(client=api, body=row, reasons=2).to_dict(),
    "batch": [answer.to_dict() for answer in predict_batch.sync(client=api, body=[row, row])],
    "refused": predict.sync(client=api, body=refused).to_dict(),
    "health": health.sync(client=api).to_dict(),
    "contract": contract.sync(client=api).to_dict()["version"],
}
sys.stdout.write(json.dumps(answers))
