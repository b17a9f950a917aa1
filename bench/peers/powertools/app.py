"""After "REST API: Data validation" (Powertools for AWS Lambda, Python): the resolver with enable_validation=True."""

from answer import predict
from aws_lambda_powertools.event_handler import APIGatewayHttpResolver

app = APIGatewayHttpResolver(enable_validation=True)
app.post("/predict")(predict)


def handler(event, context):
    return app.resolve(event, context)
