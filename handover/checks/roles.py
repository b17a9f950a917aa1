"""T, what the roles may do, those of the stack and that which deploys it, and who may take them."""

import re
from collections.abc import Iterator
from typing import Any

from handover.checks.stages import Fault, in_each_stage, of_the_template
from handover.checks.template import FUNCTION
from handover.cloudformation import Json, Template
from handover.context import DeliveryContext
from handover.finding import Broken
from handover.intrinsics import as_text
from handover.wording import listed

# Actions for which AWS knows no resource to name (Service Authorization Reference), and those by which Lambda enters a
# VPC, which its developer guide allows on every resource.
NO_RESOURCE_KNOWN = {
    "xray:PutTraceSegments", "xray:PutTelemetryRecords", "cloudwatch:PutMetricData",
    "ec2:AssignPrivateIpAddresses", "ec2:UnassignPrivateIpAddresses", "ec2:DescribeSubnets",
    "ec2:CreateNetworkInterface", "ec2:DeleteNetworkInterface", "ec2:DescribeNetworkInterfaces",
}  # fmt: skip
WIDE = re.compile(r"::aws:policy/(.*/)?(Administrator|PowerUser|\w*Full)Access\b")  # policies of AWS's own
ACCOUNTS = {"aws:principalaccount", "aws:principalarn", "aws:principalorgid", "aws:principalorgpaths"}
TRUST = ("Properties", "AssumeRolePolicyDocument")
# Subjects of tokens: GitHub's and GitLab's name the repository up to their second colon, Azure DevOps' by two slashes.
OTHERS = {
    r"[^:]*(:(?!//)[^:]*|://[^/]*(/[^/]*)?)?[*?]": "other repositories",
    r"[^:]*:[^:]*:\*$": "any branch and pull request",
    r"sc://[^/]*/[^/]*/\*$": "any service connection",
}


@of_the_template(
    "T405",
    topic="rights",
    rule="functions may do what they need and nothing else",
    broken="a role may do more than it needs",
)
def least_privilege(context: DeliveryContext) -> Broken | None:
    return _of_the_stack(context) or _of_the_deployment(context)


@in_each_stage
def _of_the_stack(context: DeliveryContext, stack: Json) -> Iterator[Fault]:
    for name, statement in _allowing(context, stack):
        actions, resources = _listed(statement.get("Action")), _listed(statement.get("Resource", "*"))
        if "NotAction" in statement:
            evidence = f"{name} allows all but {', '.join(_listed(statement['NotAction']))}"
            yield Fault(f"{evidence}: name the actions that are needed.", name)
            continue
        wide = [action for action in actions if isinstance(action, str) and action.endswith("*")]
        if wide:
            yield Fault(f"{name} allows {', '.join(wide)}: name the actions that are needed.", name)
        if "*" in resources and not set(actions) <= NO_RESOURCE_KNOWN:
            yield Fault(f"{name} allows {', '.join(map(str, actions))} on every resource: name one.", name)
    roles = context.template.of_kind("AWS::IAM::Role", stack)
    for name, function in context.template.of_kind(FUNCTION, stack).items():
        match function.get("Role"):
            case {"Fn::GetAtt": [str(role), "Arn"]} if roles.get(role, {}).get("ManagedPolicyArns"):
                yield Fault(f"{name} has AWS's own policies, which allow more than it does: write its own.", name)
    for name, properties in roles.items():
        yield from _too_open(name, properties)


def _too_open(name: str, role: Json) -> Iterator[Fault]:
    for arn in map(as_text, role.get("ManagedPolicyArns", [])):
        if WIDE.search(arn):
            evidence = f"{name} has {arn.rpartition('/')[2]}: name the actions that are needed."
            yield Fault(evidence, name, ("Properties", "ManagedPolicyArns"))
    if strangers := list(_strangers(role)):
        evidence = f"{name} can be assumed by {listed(strangers)}: whoever does may do what the role may."
        remedy = "Name the service that needs it, as in Principal: {Service: lambda.amazonaws.com}."
        yield Fault(f"{evidence} {remedy}", name, TRUST)


def _allowing(context: DeliveryContext, stack: Json) -> Iterator[tuple[str, Any]]:
    """Give each statement that allows something, with the resource that has it."""
    roles = context.template.of_kind("AWS::IAM::Role", stack)
    policies = [(name, policy) for name, role in roles.items() for policy in role.get("Policies", [])]
    for kind in ("AWS::IAM::Policy", "AWS::IAM::ManagedPolicy", "AWS::IAM::RolePolicy"):
        policies += context.template.of_kind(kind, stack).items()
    for name, policy in policies:
        for statement in _listed(policy["PolicyDocument"].get("Statement")):
            if statement.get("Effect") == "Allow":
                yield name, statement


def _strangers(role: Json) -> Iterator[str]:
    """Name whom a role's trust policy lets in that neither the account nor a condition on callers' accounts knows."""
    for statement in _trusting(role):
        principal = statement.get("Principal", "*")  # NotPrincipal is everybody else
        named = principal.get("AWS", []) if isinstance(principal, dict) else principal
        tested = {key.lower() for tests in statement.get("Condition", {}).values() for key in tests}
        for one in map(as_text, _listed(named)):
            if one == "*" and not tested & ACCOUNTS:
                yield "everybody"
            elif (account := re.search(r"(?<!\d)\d{12}(?!\d)", one)) and account[0]:
                yield f"account {account[0]}"


def _trusting(role: Json) -> Iterator[Any]:
    statements = _listed(role.get("AssumeRolePolicyDocument", {}).get("Statement", []))
    return (statement for statement in statements if statement.get("Effect") == "Allow")


def _of_the_deployment(context: DeliveryContext) -> Broken | None:
    """Look at whose tokens are taken for the role that deploys, in the file of whichever system runs the pipelines."""
    for path in sorted(context.project.root.glob(".*/oidc-role.yaml")):
        template = Template(path)
        for name, role in template.of_kind("AWS::IAM::Role", template.source).items():
            for statement in (one for one in _trusting(role) if "Federated" in one.get("Principal", {})):
                if fault := _open(statement.get("Condition", {})):
                    return Broken(f"{name} {fault}", path, template.line(name, *TRUST))
    return None


def _open(condition: Json) -> str:
    """Say whose tokens a condition takes beside the repository's, if any."""
    tested = ((operator, key, values) for operator, tests in condition.items() for key, values in tests.items())
    named = [(operator, _listed(values)) for operator, key, values in tested if key.endswith(":sub")]
    subjects = [(operator, as_text(value)) for operator, values in named for value in values]
    for operator, subject in subjects:
        if "Like" not in operator and "*" in subject:
            fault = f"asks for the subject {subject} by {operator}, which takes * for a star"
            then = "no token has that subject, and nobody could deploy"
            return f"{fault}: {then}. Name the repository and its environment."
        for pattern, who in OTHERS.items():
            if re.match(pattern, subject):
                return f"takes tokens of any subject like {subject}: {who} could deploy. Name the one that may."
    return "" if subjects else "asks nothing of a token's subject: every repository there could deploy. Test its sub."


def _listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]
