"""The role that deploys: it can make the first deployment, and can neither grow nor touch another stack."""

import json
from fnmatch import fnmatchcase
from importlib.resources import files
from typing import Any

import pytest

from handover.cloudformation import Template

from .policy import ACCOUNT, REGION, TEMPLATE, Deployer, applies, like, listed
from .test_template import resources
from .transform import PROJECT, SAMCONFIG, transformed

pytestmark = pytest.mark.quick

STAGING = Deployer()
CLOUDFORMATION = ["cloudformation.amazonaws.com"]
MONITORING = Template(PROJECT.monitoring).source

LISTS = "only a list handler asks for it: stacks that import, or a scan of the account for resources that have no stack"
KMS = "the template has no key of its own: the policy of one that is named lets CloudWatch Logs use it"
VPC = "the functions are in no VPC and mount no file system"
RUNTIME = "the template leaves the runtime's updates to AWS"
LOGS = "the template's log groups have a name, a retention and a key, and nothing else"
STAYS = "people decide it, not a deployment"
# What the schemas' handlers may ask for, and why the role has it not.
LEFT_OUT = {
    "cloudformation:ListStacks": LISTS,
    "cloudformation:SetStackPolicy": STAYS,
    "cloudformation:UpdateTerminationProtection": STAYS,
    "cloudwatch:ListDashboards": LISTS,
    "codedeploy:ListApplications": LISTS,
    "codedeploy:RegisterOnPremisesInstance": "CodeDeploy moves an alias here, and knows no machine",
    "ec2:DescribeNetworkInterfaces": VPC,
    "ec2:DescribeSecurityGroups": VPC,
    "ec2:DescribeSubnets": VPC,
    "ec2:DescribeVpcs": VPC,
    "elasticfilesystem:DescribeMountTargets": VPC,
    "firehose:TagDeliveryStream": "the access log goes to CloudWatch Logs",
    "iam:DeleteRolePermissionsBoundary": "whoever may take a boundary off may do everything: it is denied by name, too",
    "iam:ListRoles": LISTS,
    "kms:CreateGrant": KMS,
    "kms:Decrypt": KMS,
    "kms:DescribeKey": KMS,
    "kms:Encrypt": KMS,
    "kms:GenerateDataKey": KMS,
    "lambda:AssociateRuntimeAlias": RUNTIME,
    "lambda:DeleteFunctionCodeSigningConfig": "the template signs no code",
    "lambda:GetCodeSigningConfig": "the template signs no code",
    "lambda:ListFunctions": LISTS,
    "lambda:ListLayerVersions": LISTS,
    "lambda:PassCapacityProvider": "the template has no capacity provider",
    "lambda:PutFunctionCodeSigningConfig": "the template signs no code",
    "lambda:PutFunctionRecursionConfig": "the function calls nothing, so never itself",
    "lambda:PutFunctionScalingConfig": "the template has no capacity provider",
    "lambda:PutRuntimeManagementConfig": RUNTIME,
    "logs:DeleteDataProtectionPolicy": LOGS,
    "logs:DeleteIndexPolicy": LOGS,
    "logs:DeleteResourcePolicy": "what else writes through the account's resource policy would lose its log",
    "logs:PutBearerTokenAuthentication": LOGS,
    "logs:PutDataProtectionPolicy": LOGS,
    "logs:PutIndexPolicy": LOGS,
    "logs:PutLogGroupDeletionProtection": LOGS,
    "s3:REST.PUT.OBJECT": "an entry of S3's access log, and no action of IAM",
    "s3files:ListMountTargets": VPC,
}


def types() -> set[str]:
    everything = [*transformed()["Resources"].values(), *MONITORING["Resources"].values()]
    return {resource["Type"] for resource in everything}


def handlers(kind: str) -> dict[str, list[str]]:
    """Give what each handler of a resource type asks for, by CloudFormation's own schema, as cfn-lint ships it."""
    schemas = files("cfnlint") / "data" / "schemas"
    names = json.loads((schemas / "providers" / "us-east-1.json").read_text())
    schema = json.loads((schemas / "resources" / f"{names[kind]}.json").read_text())
    return {name: handler["permissions"] for name, handler in schema["handlers"].items()}


def granted(action: str) -> bool:
    allowed = [action for statement in STAGING.inline["Statement"] for action in listed(statement["Action"])]
    return any(fnmatchcase(action.lower(), known.lower()) for known in allowed)


@pytest.mark.parametrize("kind", sorted(types()))
def test_the_role_has_what_cloudformation_asks_for_or_a_reason_why_not(kind: str) -> None:
    missing = {
        f"{action} ({name})"
        for name, actions in handlers(kind).items()
        for action in actions
        if not granted(action) and action not in LEFT_OUT
    }

    assert missing == set()


def test_what_is_left_out_is_asked_for_and_is_left_out() -> None:
    asked = {action for kind in types() for actions in handlers(kind).values() for action in actions}

    assert set(LEFT_OUT) - asked == set()
    assert [action for action in LEFT_OUT if granted(action)] == []


# --- the first deployment, and each after it


def ours(service: str, name: str) -> str:
    return f"{service}:{REGION}:{ACCOUNT}:{name}"


def iam(name: str) -> str:
    return f"iam::{ACCOUNT}:{name}"


BOUNDARY = f"arn:aws:{iam('policy/bounds-credit-risk-staging')}"
OTHER_BOUNDARY = f"arn:aws:{iam('policy/bounds-credit-risk-prod')}"
OF_CODEDEPLOY = "arn:aws:iam::aws:policy/service-role/AWSCodeDeployRoleForLambda"
ADMINISTRATOR = "arn:aws:iam::aws:policy/AdministratorAccess"
BUCKET = "aws-sam-cli-managed-default-samclisourcebucket-abc"
API = f"apigateway:{REGION}::/apis"
BY_CLOUDFORMATION: dict[str, Any] = {"aws:CalledVia": CLOUDFORMATION}
OWN_TAG = {"aws:ResourceTag/aws:cloudformation:stack-name": "credit-risk-staging"}
PRODS_TAG = {"aws:ResourceTag/aws:cloudformation:stack-name": "credit-risk-prod"}


def test_every_name_that_cloudformation_gives_is_within_the_rights() -> None:
    template = transformed()
    names = {
        "AWS::IAM::Role": ("iam:GetRole", lambda name: iam(f"role/credit-risk-staging-{name}-AbC123")),
        "AWS::CodeDeploy::Application": (
            "codedeploy:GetApplication",
            lambda name: ours("codedeploy", f"application:credit-risk-staging-{name}-AbC123"),
        ),
        "AWS::CodeDeploy::DeploymentGroup": (
            "codedeploy:GetDeploymentGroup",
            lambda name: ours(
                "codedeploy",
                f"deploymentgroup:credit-risk-staging-ServerlessDeploymentApplication-AbC/credit-risk-staging-{name}-AbC",
            ),
        ),
        "AWS::CloudWatch::Alarm": (
            "cloudwatch:PutMetricAlarm",
            lambda name: ours("cloudwatch", f"alarm:credit-risk-staging-{name}-AbC123"),
        ),
        "AWS::CloudFormation::Stack": (
            "cloudformation:DeleteStack",
            lambda name: ours("cloudformation", f"stack/credit-risk-staging-{name}-AbC123/1-2-3"),
        ),
    }
    for kind, (action, arn) in names.items():
        for name in resources(template, kind):
            assert STAGING.may(action, arn(name)), (kind, name)
    for kind, key, prefix in (
        ("AWS::Logs::LogGroup", "LogGroupName", "logs:PutRetentionPolicy log-group:"),
        ("AWS::Lambda::LayerVersion", "LayerName", "lambda:PublishLayerVersion layer:"),
        ("AWS::Lambda::Function", "FunctionName", "lambda:CreateFunction function:"),
    ):
        action, _, before = prefix.partition(" ")
        for name, properties in resources(template, kind).items():
            called = properties.get(key, {"Fn::Sub": f"${{AWS::StackName}}-{name}-AbC123"})["Fn::Sub"]
            arn_ = ours(action.partition(":")[0], before + called.replace("${AWS::StackName}", "credit-risk-staging"))
            assert STAGING.may(action, arn_), arn_


@pytest.mark.parametrize(
    ("action", "resource", "context"),
    [
        ("cloudformation:CreateChangeSet", ours("cloudformation", "stack/credit-risk-staging/1"), {}),
        ("cloudformation:CreateChangeSet", f"cloudformation:{REGION}:aws:transform/Serverless-2016-10-31", {}),
        ("cloudformation:DescribeStacks", ours("cloudformation", "stack/aws-sam-cli-managed-default/1"), {}),
        ("s3:PutObject", f"s3:::{BUCKET}/credit-risk-staging/0123", {"aws:ResourceAccount": ACCOUNT}),
        ("s3:ListBucket", f"s3:::{BUCKET}", {"aws:ResourceAccount": ACCOUNT}),
        ("logs:DescribeLogGroups", "*", {}),
        ("iam:CreateRole", iam("role/credit-risk-staging-HookRole-A"), {"iam:PermissionsBoundary": BOUNDARY}),
        ("iam:PutRolePolicy", iam("role/credit-risk-staging-PredictRole-A"), {"iam:PermissionsBoundary": BOUNDARY}),
        (
            "iam:AttachRolePolicy",
            iam("role/credit-risk-staging-CodeDeployServiceRole-A"),
            {"iam:PermissionsBoundary": BOUNDARY, "iam:PolicyARN": OF_CODEDEPLOY},
        ),
        (
            "iam:PassRole",
            iam("role/credit-risk-staging-CodeDeployServiceRole-A"),
            {"iam:PassedToService": "codedeploy.amazonaws.com"},
        ),
        ("apigateway:POST", API, {"apigateway:Request/ApiName": "credit-risk-staging"}),
        ("apigateway:PATCH", f"{API}/abc", {"apigateway:Resource/ApiName": "credit-risk-staging"}),
        ("apigateway:POST", f"{API}/abc/routes", BY_CLOUDFORMATION),
        ("apigateway:POST", f"{API}/abc/stages", BY_CLOUDFORMATION | OWN_TAG),
        ("apigateway:TagResource", f"{API}/abc/stages", BY_CLOUDFORMATION),
        ("apigateway:DELETE", f"{API}/abc/stages/$default", BY_CLOUDFORMATION | OWN_TAG),
        ("execute-api:Invoke", ours("execute-api", "abc/$default/POST/predict"), {}),
        ("lambda:UpdateAlias", ours("lambda", "function:credit-risk-staging-PredictFunction-A:live"), {}),
        ("codedeploy:StopDeployment", "*", BY_CLOUDFORMATION),
    ],
)
def test_it_may_make_the_first_deployment(action: str, resource: str, context: dict[str, Any]) -> None:
    assert STAGING.may(action, resource, context)


# --- what it may never do


@pytest.mark.parametrize(
    ("action", "resource", "context"),
    [
        # itself, and what bounds it
        ("iam:PutRolePolicy", iam("role/deploys-credit-risk-staging"), {"iam:PermissionsBoundary": BOUNDARY}),
        ("iam:UpdateAssumeRolePolicy", iam("role/deploys-credit-risk-staging"), {}),
        ("iam:CreatePolicyVersion", iam("policy/bounds-credit-risk-staging"), {}),
        ("iam:DeletePolicy", iam("policy/bounds-credit-risk-staging"), {}),
        ("cloudformation:UpdateStack", ours("cloudformation", "stack/deploys-credit-risk-staging/1"), {}),
        ("cloudformation:DeleteStack", ours("cloudformation", "stack/credit-risk-staging/1"), {}),
        # a role that may more than the boundary says
        ("iam:CreateRole", iam("role/credit-risk-staging-HookRole-A"), {}),
        ("iam:CreateRole", iam("role/credit-risk-staging-HookRole-A"), {"iam:PermissionsBoundary": OTHER_BOUNDARY}),
        ("iam:CreateRole", iam("role/admin"), {"iam:PermissionsBoundary": BOUNDARY}),
        ("iam:PutRolePolicy", iam("role/credit-risk-staging-HookRole-A"), {}),
        (
            "iam:DeleteRolePermissionsBoundary",
            iam("role/credit-risk-staging-HookRole-A"),
            {"iam:PermissionsBoundary": BOUNDARY},
        ),
        (
            "iam:AttachRolePolicy",
            iam("role/credit-risk-staging-CodeDeployServiceRole-A"),
            {"iam:PermissionsBoundary": BOUNDARY, "iam:PolicyARN": ADMINISTRATOR},
        ),
        (
            "iam:AttachRolePolicy",
            iam("role/credit-risk-staging-PredictRole-A"),
            {"iam:PermissionsBoundary": BOUNDARY, "iam:PolicyARN": OF_CODEDEPLOY},
        ),
        ("iam:PassRole", iam("role/credit-risk-staging-HookRole-A"), {"iam:PassedToService": "ec2.amazonaws.com"}),
        ("iam:PassRole", iam("role/admin"), {"iam:PassedToService": "lambda.amazonaws.com"}),
        # prod, and a stack whose name only begins like this one's
        ("apigateway:DELETE", f"{API}/prod1", {"apigateway:Resource/ApiName": "credit-risk-prod"}),
        ("apigateway:DELETE", f"{API}/prod1", {"apigateway:Resource/ApiName": "credit-risk-prod"} | BY_CLOUDFORMATION),
        ("apigateway:POST", API, {"apigateway:Request/ApiName": "credit-risk-prod"}),
        ("apigateway:DELETE", f"{API}/prod1/routes/r", {}),
        ("apigateway:DELETE", f"{API}/prod1/stages/$default", BY_CLOUDFORMATION | PRODS_TAG),
        ("apigateway:PUT", f"apigateway:{REGION}::/tags/arn%3Aaws%3Aapigateway%3A%3A%2Fapis%2Fprod1", {}),
        ("apigateway:DELETE", f"apigateway:{REGION}::/domainnames/predict.example.com", BY_CLOUDFORMATION),
        ("cloudformation:UpdateStack", ours("cloudformation", "stack/credit-risk-prod/1"), {}),
        ("cloudformation:UpdateStack", ours("cloudformation", "stack/credit-risk-staging-2/1"), {}),
        ("lambda:UpdateFunctionCode", ours("lambda", "function:credit-risk-prod-PredictFunction-A"), {}),
        ("lambda:UpdateFunctionCode", ours("lambda", "function:credit-risk-staging-2-PredictFunction-A"), {}),
        ("lambda:DeleteLayerVersion", ours("lambda", "layer:credit-risk-prod-model:1"), {}),
        ("iam:DeleteRole", iam("role/credit-risk-prod-PredictRole-A"), {}),
        ("iam:DeleteRole", iam("role/credit-risk-staging-2-PredictRole-A"), {}),
        ("logs:DeleteLogGroup", ours("logs", "log-group:/credit-risk-prod/predict"), {}),
        ("cloudwatch:DeleteAlarms", ours("cloudwatch", "alarm:credit-risk-prod-ApiFails-A"), {}),
        ("codedeploy:StopDeployment", "*", {}),
        # what prod is made of
        ("s3:PutObject", f"s3:::{BUCKET}/credit-risk-prod/0123", {"aws:ResourceAccount": ACCOUNT}),
        ("s3:PutObject", f"s3:::{BUCKET}/0123", {"aws:ResourceAccount": ACCOUNT}),
        ("s3:GetObject", f"s3:::{BUCKET}/credit-risk-staging/0123", {"aws:ResourceAccount": "210987654321"}),
        ("s3:PutBucketPolicy", f"s3:::{BUCKET}", {"aws:ResourceAccount": ACCOUNT}),
        ("cloudformation:UpdateStack", ours("cloudformation", "stack/aws-sam-cli-managed-default/1"), {}),
        (
            "cloudformation:CreateChangeSet",
            ours("cloudformation", "stack/credit-risk-staging/1"),
            {"cloudformation:ImportResourceTypes": ["AWS::ApiGatewayV2::Route"]},
        ),
    ],
)
def test_it_may_not(action: str, resource: str, context: dict[str, Any]) -> None:
    assert not STAGING.may(action, resource, context)


@pytest.mark.parametrize(
    ("action", "resource", "context"),
    [
        ("iam:PutRolePolicy", iam("role/deploys-credit-risk-staging"), {}),
        ("iam:CreatePolicyVersion", iam("policy/bounds-credit-risk-staging"), {}),
        ("iam:DeleteOpenIDConnectProvider", iam("oidc-provider/token.actions.githubusercontent.com"), {}),
        ("iam:DeleteRolePermissionsBoundary", iam("role/anything"), {}),
        ("cloudformation:UpdateStack", ours("cloudformation", "stack/deploys-credit-risk-staging/1"), {}),
        (
            "cloudformation:CreateChangeSet",
            ours("cloudformation", "stack/credit-risk-staging/1"),
            {"cloudformation:ImportResourceTypes": ["AWS::IAM::Role", "AWS::S3::Bucket"]},
        ),
    ],
)
def test_what_would_let_it_grow_is_denied_by_name_too(action: str, resource: str, context: dict[str, Any]) -> None:
    assert STAGING.denied(action, resource, context)


def test_nothing_is_allowed_where_it_is_denied_nor_denied_where_it_is_allowed() -> None:
    assert {statement["Effect"] for statement in STAGING.inline["Statement"]} == {"Allow"}
    assert {statement["Effect"] for statement in STAGING.never["Statement"]} == {"Deny"}
    assert {statement["Effect"] for statement in STAGING.boundary["Statement"]} == {"Allow"}
    assert STAGING.role["ManagedPolicyArns"] == ["Never"]


def test_once_the_apis_id_is_known_it_may_touch_and_call_no_other() -> None:
    knows = Deployer(ApiId="abc")

    for path in ("/routes", "/stages/$default"):
        assert knows.may("apigateway:POST", f"{API}/abc{path}", BY_CLOUDFORMATION)
        assert not knows.may("apigateway:POST", f"{API}/prod1{path}", BY_CLOUDFORMATION)
    assert knows.may("execute-api:Invoke", ours("execute-api", "abc/$default/POST/predict"))
    assert not knows.may("execute-api:Invoke", ours("execute-api", "prod1/$default/POST/predict"))
    assert not knows.may("apigateway:GET", f"{API}/prod1")


def test_a_domain_name_is_the_one_that_is_named() -> None:
    named = Deployer(DomainName="predict.example.com")
    of = f"apigateway:{REGION}::/domainnames"

    assert named.may("apigateway:POST", of, BY_CLOUDFORMATION)
    for path in ("", "/apimappings", "/apimappings/m"):
        assert named.may("apigateway:DELETE", f"{of}/predict.example.com{path}", BY_CLOUDFORMATION)
        assert not named.may("apigateway:DELETE", f"{of}/shop.example.com{path}", BY_CLOUDFORMATION)


# --- the boundary


def test_every_role_that_the_stack_makes_has_the_boundary() -> None:
    for template in (transformed(), transformed(CodeDeploy="false"), MONITORING):
        for name, role in resources(template, "AWS::IAM::Role").items():
            assert role["PermissionsBoundary"] == {
                "Fn::If": [
                    "IsBounded",
                    {"Fn::Sub": "arn:${AWS::Partition}:iam::${AWS::AccountId}:policy/${PermissionsBoundary}"},
                    {"Ref": "AWS::NoValue"},
                ]
            }, name


@pytest.mark.parametrize(
    ("action", "resource"),
    [
        ("logs:PutLogEvents", ours("logs", "log-group:/credit-risk-staging/predict:log-stream:1")),
        ("logs:CreateLogStream", ours("logs", "log-group:/credit-risk-staging/pre-traffic:log-stream:1")),
        ("lambda:InvokeFunction", ours("lambda", "function:credit-risk-staging-PredictFunction-A:7")),
        (
            "codedeploy:PutLifecycleEventHookExecutionStatus",
            ours("codedeploy", "deploymentgroup:credit-risk-staging-ServerlessDeploymentApplication-A/G"),
        ),
        ("lambda:InvokeFunction", ours("lambda", "function:CodeDeployHook_credit-risk-staging")),
        ("lambda:UpdateAlias", ours("lambda", "function:credit-risk-staging-PredictFunction-A:live")),
        ("cloudwatch:DescribeAlarms", ours("cloudwatch", "alarm:credit-risk-staging-ApiFails-A")),
    ],
)
def test_the_boundary_leaves_the_stacks_roles_what_they_need(action: str, resource: str) -> None:
    assert any(applies(statement, action, resource) for statement in STAGING.boundary["Statement"])


def test_the_roles_ask_for_nothing_that_the_boundary_has_not() -> None:
    within = {action for statement in STAGING.boundary["Statement"] for action in listed(statement["Action"])}
    asked = {
        action
        for role in resources(transformed(), "AWS::IAM::Role").values()
        for policy in role.get("Policies", [])
        for statement in policy["PolicyDocument"]["Statement"]
        for action in listed(statement["Action"])
    }

    assert asked
    assert asked <= within


@pytest.mark.parametrize(
    ("action", "resource"),
    [
        ("iam:CreateUser", iam("user/me")),
        ("s3:GetObject", f"s3:::{BUCKET}/credit-risk-prod/0123"),
        ("lambda:UpdateAlias", ours("lambda", "function:credit-risk-prod-PredictFunction-A:live")),
        ("logs:PutLogEvents", ours("logs", "log-group:/credit-risk-prod/predict:log-stream:1")),
        ("sts:AssumeRole", iam("role/admin")),
    ],
)
def test_the_boundary_leaves_them_nothing_else(action: str, resource: str) -> None:
    assert not any(applies(statement, action, resource) for statement in STAGING.boundary["Statement"])


# --- the template itself


def test_the_policies_are_as_short_as_iam_asks() -> None:
    longest = Deployer(
        StackName="s" * TEMPLATE["Parameters"]["StackName"]["MaxLength"],
        PermissionsBoundary="b" * 40,
        DomainName="d" * 60,
        ApiId="a" * 10,
        Repository="o/n",
    )

    def size(policy: dict[str, Any]) -> int:
        return len(json.dumps(policy, separators=(",", ":")))

    # https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html
    assert size(longest.inline) <= 10_240
    assert size(longest.never) <= 6_144
    assert size(longest.boundary) <= 6_144


def test_the_role_and_its_stack_are_named_outside_of_what_it_may_touch() -> None:
    name = STAGING.role["RoleName"]
    touched = [
        arn
        for statement in STAGING.inline["Statement"]
        for arn in listed(statement["Resource"])
        if ":role/" in arn or "stack/" in arn
    ]

    assert touched
    assert not [arn for arn in touched if like(f"arn:aws:{iam(f'role/{name}')}", arn)]
    assert not [arn for arn in touched if like(f"arn:aws:{ours('cloudformation', f'stack/{name}/1')}", arn)]


def test_the_longest_stacks_roles_keep_their_names() -> None:
    length = TEMPLATE["Parameters"]["StackName"]["MaxLength"]
    longest = Deployer(StackName="s" * length)

    for name in resources(transformed(), "AWS::IAM::Role"):
        called = f"{'s' * length}-{name}-{'R' * 13}"
        assert len(called) <= 64  # IAM's limit: of a longer name, CloudFormation cuts the stack's part
        assert longest.may("iam:GetRole", iam(f"role/{called}"))


@pytest.mark.parametrize("stage", ["staging", "prod"])
def test_samconfig_says_the_same_names(stage: str) -> None:
    parameters, overrides = SAMCONFIG.parameters(stage), SAMCONFIG.overrides(stage)
    role = Deployer(StackName=parameters["stack_name"], PermissionsBoundary=overrides["PermissionsBoundary"])

    assert overrides["PermissionsBoundary"] == f"bounds-{parameters['stack_name']}"
    assert role.may("s3:PutObject", f"s3:::{BUCKET}/{parameters['s3_prefix']}/0123", {"aws:ResourceAccount": ACCOUNT})
