"""T, how callers come to the function: by the API, which asks who they are, and by nothing else."""

import re
from collections.abc import Iterator
from functools import partial

from handover.checks.stages import READABLE, Fault, in_each_stage, of_each_stack, of_the_template, with_users
from handover.checks.template import ALIAS, made_of
from handover.cloudformation import Json
from handover.context import DeliveryContext
from handover.finding import Broken, Kept, Warned
from handover.intrinsics import as_text
from handover.wording import shortly
from predictor.routes import ROUTES, Route

FORMAT = "2.0"  # of the events that the function reads: API Gateway's for HTTP APIs
PERMISSION, URL, ROUTE = "AWS::Lambda::Permission", "AWS::Lambda::Url", "AWS::ApiGatewayV2::Route"
PAST_ALIAS = "whatever is deployed meets all users at once, before a golden row was asked, and a rollback moves nobody"
ONLY = "Name Principal: apigateway.amazonaws.com, and this API as the SourceArn."
# What limits a permission to one source (AWS::Lambda::Permission).
SOURCES = ("SourceArn", "SourceAccount", "PrincipalOrgID")


@of_each_stack(
    "T407", topic="throttling", rule="the API is throttled and logged", broken="the API is not throttled or not logged"
)
def throttled(context: DeliveryContext, stack: Json) -> Iterator[Fault]:
    for name, stage in context.template.of_kind("AWS::ApiGatewayV2::Stage", stack).items():
        if not {"ThrottlingRateLimit", "ThrottlingBurstLimit"} <= stage.get("DefaultRouteSettings", {}).keys():
            yield Fault(f"{name} lets any number of requests through, and each one is paid for.", name)
        if "AccessLogSettings" not in stage:
            yield Fault(f"{name} writes no access log: nobody can say who called.", name)


@of_the_template("T409", topic="auth", rule="the API asks who calls", broken="the API is open to everybody")
def asks_who_calls(context: DeliveryContext) -> Broken | Kept:
    return _open(context) or Kept(warnings=tuple(_to_every_page(context)))


def _to_every_page(context: DeliveryContext) -> Iterator[Warned]:
    config = context.samconfig
    for stage in with_users(context):
        values = config.overrides(stage)
        apis = context.template.of_kind("AWS::ApiGatewayV2::Api", context.template.deployed(values)).items()
        for name, api in apis:
            if "*" in api.get("CorsConfiguration", {}).get("AllowOrigins", []):
                own = values.get("CorsOrigins") == "*"
                fault = Fault("", name, ("Properties", "CorsConfiguration")).broken(context)
                place = (config.path, config.line(stage, "CorsOrigins")) if own else (fault.path, fault.line)
                yield Warned(
                    f"In {stage}, any page that a browser shows may ask the API, and read what it answers.",
                    *place,
                    "Name the pages that need it: CorsOrigins=https://shop.example,https://app.example.",
                    headline="every web page may call the API",
                )


@partial(in_each_stage, by_default=True)
def _open(context: DeliveryContext, stack: Json) -> Iterator[Fault]:
    for name, route in context.template.of_kind(ROUTE, stack).items():
        preflight = str(route.get("RouteKey")).startswith("OPTIONS ")  # a browser asks it without saying who it is
        kind = route.get("AuthorizationType")
        if kind in {None, "NONE"} and not preflight:
            written = "AuthorizationType NONE" if kind else "no AuthorizationType"
            remedy = "Auth=AWS_IAM asks for a signature, Auth=JWT for a token."
            evidence = f"{name} has {written}: it answers whoever sends a request. {remedy}"
            yield Fault(evidence, name, ("Properties", "AuthorizationType"))


@of_each_stack(
    "T411",
    topic="callers",
    requires=(*READABLE, "T402"),
    rule="the API calls the alias, and may",
    broken="the API does not reach the version that was proven",
)
def api_calls_the_alias(context: DeliveryContext, stack: Json) -> Iterator[Fault]:
    aliases = context.template.of_kind(ALIAS, stack)
    for id_, alias in aliases.items():
        function, name = alias["FunctionName"].get("Ref", ""), alias["Name"]
        reached = rf"\$\{{{id_}\}}|\$\{{{function}(\.Arn)?\}}:{name}(?=/|$)"
        calls, integrations = False, []
        for integration, properties in context.template.of_kind("AWS::ApiGatewayV2::Integration", stack).items():
            uri = as_text(properties.get("IntegrationUri"))
            if not re.search(rf"\$\{{({id_}|{function}(\.Arn)?)\}}", uri):
                continue
            integrations.append(integration)
            calls = calls or "CredentialsArn" not in properties
            if not re.search(reached, uri):
                evidence = f"{integration} calls {function} past its alias {name}: {PAST_ALIAS}."
                cause = f"The URI has to name the alias: ${{{function}.Arn}}:{name}."
                yield Fault(evidence, integration, ("Properties", "IntegrationUri"), cause)
            form = str(properties.get("PayloadFormatVersion"))
            if function in made_of(context, "function") and form != FORMAT:
                formats = f"hands requests on in the format {form}, and {function} reads {FORMAT}"
                evidence = f"{integration} {formats}: every request would be answered 400."
                cause = f'PayloadFormatVersion: "{FORMAT}"'
                yield Fault(evidence, integration, ("Properties", "PayloadFormatVersion"), cause)
        if integrations and function in made_of(context, "function"):
            yield from _unreached(context, stack, integrations)
        given = context.template.of_kind(PERMISSION, stack).items()
        allowing = {name: one for name, one in given if _is_api(one) or one.get("Principal") == "*"}
        allowed = {name: one.get("FunctionName") for name, one in allowing.items()}
        if calls and not any(re.fullmatch(reached, as_text(called)) for called in allowed.values()):
            other = next((key for key, called in allowed.items() if function in as_text(called)), "")
            past = f"{other} lets the API call {function}, and not the alias"
            why = f"{past if other else 'No permission lets the API call it'}: every request would be answered 500."
            evidence = f"The API calls the alias {name} of {function}. {why}"
            yield Fault(evidence, other or function, ("Properties", "FunctionName"))


def _unreached(context: DeliveryContext, stack: Json, integrations: list[str]) -> Iterator[Fault]:
    """Compare the API's routes to a function's integrations with those that the function answers."""
    every, target = context.template.of_kind(ROUTE, stack).items(), re.compile(rf"\b({'|'.join(integrations)})\b")
    routes = {name: str(route.get("RouteKey")) for name, route in every if target.search(as_text(route.get("Target")))}
    lost = [f"{at.method} {at.path}" for at in ROUTES if not any(_takes(key, at) for key in routes.values())]
    if lost:
        name = next(iter(routes), integrations[0])
        then = "callers are answered 404 there, and the function is not asked"
        evidence = f"No route of the API takes {shortly(lost, len(ROUTES))}: {then}."
        yield Fault(evidence, name, ("Properties", "RouteKey"), "RouteKey: $default takes them all.")


def _takes(key: str, asked: Route) -> bool:
    """Say whether a route of API Gateway's takes what is asked (its developer guide, on routes for HTTP APIs)."""
    method, _, path = key.partition(" ")
    pattern = re.sub(r"\\{\w+\\\+\\}", ".+", re.escape(path))
    pattern = re.sub(r"\\{\w+\\}", "[^/]+", pattern)
    return key == "$default" or (method in {"ANY", asked.method} and re.fullmatch(pattern, asked.path) is not None)


def _is_api(permission: Json) -> bool:
    return as_text(permission.get("Principal")).startswith("apigateway.")


@of_each_stack(
    "T412",
    topic="public",
    rule="nobody reaches a function but through the API that asks who calls",
    broken="a function can be called past the API",
)
def not_public(context: DeliveryContext, stack: Json) -> Iterator[Fault]:
    for name, url in context.template.of_kind(URL, stack).items():
        if url.get("AuthType") == "NONE":
            lacking = "no signature, no throttling and no access log of the API is in the way"
            remedy = "Remove the URL, or set AuthType: AWS_IAM."
            evidence = f"{name} answers whoever knows the address: {lacking}. {remedy}"
            yield Fault(evidence, name, ("Properties", "FunctionUrlConfig"))
    for name, permission in context.template.of_kind(PERMISSION, stack).items():
        limited = any(permission.get(source, "*") != "*" for source in SOURCES)
        # Whom an organization is asked for has no other name than everybody.
        if permission.get("Principal") == "*" and "PrincipalOrgID" not in permission:
            evidence = f"{name} names everybody as its Principal, to call {_called(permission)}. {ONLY}"
            yield Fault(evidence, name, ("Properties", "Principal"))
        if _is_api(permission) and not limited:
            evidence = f"{name} lets any API, of any account, call {_called(permission)}: it has no SourceArn. {ONLY}"
            yield Fault(evidence, name)


def _called(permission: Json) -> str:
    return as_text(permission.get("FunctionName")).strip("${}").partition(".")[0]
