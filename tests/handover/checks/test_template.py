"""Each clause of the template, broken alone: the whole report, as a person reads it; and what is only unusual."""

import re
from collections.abc import Callable
from pathlib import Path

import pytest
import yaml

from handover.checks import CLAUSES, selected
from handover.cloudformation import Template
from handover.context import DeliveryContext
from handover.evaluation import evaluate
from handover.reporters.text import report
from tests.helpers import reports
from tests.helpers.sandbox import ROOT

TEMPLATE, CONFIG, MONITORING = "template.yaml", "samconfig.toml", "monitoring.yaml"
ROLE = ".github/oidc-role.yaml"
TEXTS = {name: (ROOT / name).read_text() for name in (TEMPLATE, CONFIG, MONITORING, ROLE)}
HOOKS = "        Hooks:\n          PreTraffic: !Ref PreTrafficHook\n"
ALARMS = "        Alarms:\n          - !Ref VersionFails\n          - !Ref VersionIsSlow\n"
QUIET = "      TreatMissingData: notBreaching\n"
PERCENT = "      EvaluationPeriods: 2\n      Threshold: 1\n      ComparisonOperator: GreaterThanThreshold\n"
PERMISSION = (
    "      Principal: apigateway.amazonaws.com\n"
    "      SourceArn: !Sub arn:${AWS::Partition}:execute-api:${AWS::Region}:${AWS::AccountId}:${Api}/*\n"
)
ALIAS = "      AutoPublishAlias: live\n"
VERSIONS = "    UpdateReplacePolicy: Retain\n    Metadata:\n      BuildMethod"
SERVICE = "            Principal: {Service: lambda.amazonaws.com}\n"
CODEDEPLOYS = "        - !Sub arn:${AWS::Partition}:iam::aws:policy/service-role/AWSCodeDeployRoleForLambda\n"
SUBJECT = "".join(re.findall(r" +StringEquals:\n.*:aud: .*\n *#.*\n.*:sub: .*\n", TEXTS[ROLE]))
NAMESPACE = "POWERTOOLS_METRICS_NAMESPACE: !Ref AWS::StackName"
OWN_NAMESPACE = "POWERTOOLS_METRICS_NAMESPACE: !Sub predict-${Stage}"
CODEDEPLOY = "CodeDeploy={} DeploymentPreference=Canary"
PROD_RATE = (
    'JwtIssuer="" JwtAudience="" CorsOrigins="" TryIt=false \\\n  '
    'DomainName="" CertificateArn="" DisableDefaultUrl=false \\\n  RateLimit=500'
)
PROD_BUILT = '[prod.build.parameters]\ncached = true\nparallel = true\nparameter_overrides = "Architecture={}"'
MODEL = re.findall(r"Watches model (\w+)", TEXTS[MONITORING])[0]


def resource(name: str, text: str = TEXTS[TEMPLATE]) -> str:
    """Give the text of a resource, up to the next one or a comment between them."""
    return next(iter(re.findall(rf"^  {name}:\n(?:    .*\n|\n)+", text, re.MULTILINE)))


# What a team did: in which file, what they took away, and what they wrote there.
BREAKS = {
    "T401": (TEMPLATE, "      Handler: predictor.handler.handler\n", "      Handel: predictor.handler.handler\n"),
    "T401-yaml": (TEMPLATE, "Resources:\n", "Resources: [\n"),
    "T402": (TEMPLATE, "      AutoPublishAliasAllProperties: true\n", ""),
    "T402-layer": (TEMPLATE, "ContentUri: layers/model/", "ContentUri: layers/models/"),
    "T402-fixed": (
        TEMPLATE,
        "        - !Ref RuntimeLayer\n        - !Ref ModelLayer\n",
        "        - !Ref RuntimeLayer\n        - !Sub arn:aws:lambda:${AWS::Region}:123456789012:layer:model:3\n",
    ),
    "T403": (TEMPLATE, "${MemorySize} MB", "much memory"),
    "T404": (TEMPLATE, "      RetentionInDays: !Ref LogRetentionDays\n", ""),
    "T404-unnamed": (TEMPLATE, "      LoggingConfig:\n        LogGroup: !Ref FunctionLog\n", ""),
    "T405": (TEMPLATE, "Action: [logs:CreateLogStream, logs:PutLogEvents]", "Action: logs:*"),
    "T405-resource": (TEMPLATE, "Resource: !GetAtt FunctionLog.Arn", 'Resource: "*"'),
    "T405-managed": (
        TEMPLATE,
        "      Policies:\n",
        "      ManagedPolicyArns: [arn:aws:iam::aws:policy/AdministratorAccess]\n      Policies:\n",
    ),
    "T405-administrator": (TEMPLATE, CODEDEPLOYS, CODEDEPLOYS + "        - arn:aws:iam::aws:policy/PowerUserAccess\n"),
    "T405-all-but": (
        TEMPLATE,
        "Action: lambda:InvokeFunction\n                Resource: !Sub ${PredictFunction",
        "NotAction: iam:*\n                Resource: !Sub ${PredictFunction",
    ),
    "T405-everybody": (TEMPLATE, SERVICE, SERVICE.replace("}", ', AWS: "*"}')),
    "T405-account": (TEMPLATE, SERVICE, SERVICE.replace("}", ", AWS: arn:aws:iam::123456789012:root}")),
    "T405-repositories": (
        ROLE,
        SUBJECT,
        SUBJECT.replace("Equals", "Like").replace("${Repository}", "risk/*"),
    ),
    "T405-branches": (ROLE, SUBJECT, SUBJECT.replace("Equals", "Like").replace("environment:${StackName}", "*")),
    "T405-star": (ROLE, SUBJECT, SUBJECT.replace("!Sub repo:${Repository}:environment:${StackName}", "repo:*")),
    "T405-subject": (ROLE, SUBJECT, SUBJECT[: SUBJECT.index("        #")].rstrip(" ")),
    "T406": (TEMPLATE, 'ORT_DISABLE_TELEMETRY: "1"', 'ORT_DISABLE_TELEMETRY: "0"'),
    "T407": (TEMPLATE, "        ThrottlingRateLimit: !Ref RateLimit\n", ""),
    "T408": (TEMPLATE, "Timeout: 5 ", "Timeout: 30 "),
    "T409": (TEMPLATE, "    Default: AWS_IAM\n", "    Default: NONE\n"),
    "T409-prod": (CONFIG, f"Auth=AWS_IAM {PROD_RATE}", f"Auth=NONE {PROD_RATE}"),
    "T409-route": (TEMPLATE, "      AuthorizationType: !Ref Auth\n", ""),
    "T410": (CONFIG, "MemorySize=512 LogRetentionDays=90", "LogRetentionDays=90"),
    "T410-unknown": (CONFIG, "Stage=staging ", "Stage=staging Colour=red "),
    "T410-one-stack": (CONFIG, 'stack_name = "credit-risk-prod"', 'stack_name = "credit-risk-staging"'),
    "T410-one-name": (CONFIG, "Stage=prod ", "Stage=staging "),
    "T410-toml": (CONFIG, "version = 0.1", "version = "),
    "T411": (TEMPLATE, ".Arn}:live/invocations", ".Arn}/invocations"),
    "T411-number": (TEMPLATE, ".Arn}:live/invocations", ".Arn}:1/invocations"),
    "T411-permission": (TEMPLATE, "FunctionName: !Ref PredictFunction.Alias", "FunctionName: !Ref PredictFunction"),
    "T411-forbidden": (TEMPLATE, resource("ApiMayInvoke"), ""),
    "T411-format": (TEMPLATE, 'PayloadFormatVersion: "2.0"', 'PayloadFormatVersion: "1.0"'),
    "T411-route": (
        TEMPLATE,
        "RouteKey: $default\n      AuthorizationType: !Ref",
        "RouteKey: POST /predict\n      AuthorizationType: !Ref",
    ),
    "T412": (TEMPLATE, ALIAS, ALIAS + "      FunctionUrlConfig: {AuthType: NONE}\n"),
    "T412-everybody": (TEMPLATE, PERMISSION, '      Principal: "*"\n'),
    "T412-anybody": (TEMPLATE, "Principal: apigateway.amazonaws.com", 'Principal: "*"'),
    "T412-source": (TEMPLATE, PERMISSION, "      Principal: apigateway.amazonaws.com\n"),
    "T413": (TEMPLATE, "      RetentionPolicy: Retain\n", "      RetentionPolicy: Delete\n"),
    "T413-version": (TEMPLATE, VERSIONS, VERSIONS.replace("UpdateReplacePolicy: Retain\n    ", "")),
    "T413-policy": (TEMPLATE, VERSIONS, "    DeletionPolicy: Delete\n" + VERSIONS),
    "T414": (TEMPLATE, HOOKS, ""),
    "T414-prod": (CONFIG, CODEDEPLOY.format("true"), CODEDEPLOY.format("false")),
    "T414-name": (TEMPLATE, "CodeDeployHook_${AWS::StackName}", "proof-${AWS::StackName}"),
    "T414-version": (TEMPLATE, "NEW_VERSION: !Ref PredictFunction.Version", "NEW_VERSION: !Ref PredictFunction.Alias"),
    "T414-handler": (TEMPLATE, "Handler: pre_traffic.handler", "Handler: pre_traffic.handle"),
    "T414-rows": (TEMPLATE, "      Layers:\n        - !Ref ModelLayer  # where the golden rows are\n", ""),
    "T415": (TEMPLATE, ALARMS, ""),
    "T415-latency": (TEMPLATE, ALARMS, re.sub(r".*IsSlow\n", "", ALARMS)),
    "T415-saturation": (TEMPLATE, resource("RequestsAreThrottled"), ""),
    "T415-silent": (TEMPLATE, QUIET, QUIET + "      ActionsEnabled: false\n"),
    "T415-threshold": (TEMPLATE, "      Threshold: 0\n", "      Threshold: 1000000\n"),
    "T415-share": (TEMPLATE, PERCENT, PERCENT.replace("1\n", "100\n")),
    "T415-below": (TEMPLATE, resource("VersionIsSlow"), resource("VersionIsSlow").replace("Greater", "Less")),
    "T415-slow": (CONFIG, "Canary10Percent10Minutes SlowMs=100", "Canary10Percent10Minutes SlowMs=5000"),
    "T416": (TEMPLATE, NAMESPACE, OWN_NAMESPACE),
    "T416-service": (TEMPLATE, "POWERTOOLS_SERVICE_NAME: predict", "POWERTOOLS_SERVICE_NAME: scoring"),
    "T416-nested": (TEMPLATE, "      TemplateURL: monitoring.yaml\n", "      TemplateURL: dashboards.yaml\n"),
    "T416-topic": (TEMPLATE, "        AlarmTopic: !Ref DriftTopic\n", ""),
    "T417": (MONITORING, "      Threshold: ", "      Threshold: 1"),
    "T417-expression": (MONITORING, "IF(scores >= 200", "IF(scores >= 2000"),
    "T417-gone": (MONITORING, resource("Share2Drifts", TEXTS[MONITORING]), ""),
    "T418": (MONITORING, MODEL, "0123456789ab"),
    "T419": (TEMPLATE, "handler.handler\n      Runtime: python3.13", "handler.handler\n      Runtime: python3.12"),
    "T419-packages": (
        TEMPLATE,
        "        - !Ref RuntimeLayer\n        - !Ref ModelLayer\n",
        "        - !Ref ModelLayer\n",
    ),
    "T419-processor": (
        TEMPLATE,
        "      CompatibleArchitectures: [!Ref Architecture]",
        "      CompatibleArchitectures: [arm64]",
    ),
    "T419-built": (CONFIG, PROD_BUILT.format("x86_64"), PROD_BUILT.format("arm64")),
    "T420": (TEMPLATE, "          DELIVERY: /opt/delivery\n", ""),
    "T420-place": (TEMPLATE, "DELIVERY: /opt/delivery", "DELIVERY: /opt/model"),
    "T421": (
        TEMPLATE,
        '  AllowStandIn:\n    Type: String\n    Default: "false"\n',
        '  AllowStandIn:\n    Type: String\n    Default: "true"\n',
    ),
    "T421-variable": (TEMPLATE, "ALLOW_STAND_IN: !Ref AllowStandIn", 'ALLOW_STAND_IN: "true"'),
    "T422": (
        CONFIG,
        "AllowStandIn=false \\\n  PermissionsBoundary=bounds-credit-risk-prod",
        "AllowStandIn=true \\\n  PermissionsBoundary=bounds-credit-risk-prod",
    ),
    "T423": (CONFIG, "LogRetentionDays=90", "LogRetentionDays=100"),
    "T423-number": (CONFIG, "MemorySize=512 LogRetentionDays=90", "MemorySize=64 LogRetentionDays=90"),
    "T423-rule": (CONFIG, f"Auth=AWS_IAM {PROD_RATE}", f"Auth=JWT {PROD_RATE}"),
    "T423-reserved": (CONFIG, "ReservedConcurrency=-1", "ReservedConcurrency=0"),
}


class Stack:
    """A project of the files that say how it is deployed, and of its delivery."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.texts = dict(TEXTS)
        (root / "layers/model").mkdir(parents=True)
        (root / ROLE).parent.mkdir()
        for folder in ("layers/model/delivery", "hook"):
            (root / folder).symlink_to(ROOT / folder)

    def edit(self, name: str, old: str, new: str) -> "Stack":
        assert old in self.texts[name], old
        self.texts[name] = self.texts[name].replace(old, new, 1)
        return self

    def says(self) -> str:
        for name, text in self.texts.items():
            (self.root / name).write_text(text)
        with DeliveryContext(self.root, self.root / "layers/model/delivery") as context:
            return report(list(evaluate(context, selected(["T"]))), context) + "\n"


@pytest.fixture
def stack(tmp_path: Path) -> Stack:
    return Stack(tmp_path)


def test_the_projects_own_template_keeps_every_clause(stack: Stack) -> None:
    assert reports.is_all_kept(stack.says())


@pytest.mark.parametrize("name", BREAKS)
def test_a_broken_clause_is_reported(stack: Stack, name: str) -> None:
    stack.edit(*BREAKS[name])

    reports.check(name, stack.says(), but=lambda text: text.replace(MODEL, "MODEL"))


def test_it_is_reported_by_that_clause_alone() -> None:
    reports.check_alone(BREAKS)


# --- what is a matter of judgement: a warning, and never red
CORS = 'MemorySize=512 LogRetentionDays=90 \\\n  Auth=AWS_IAM JwtIssuer="" JwtAudience="" CorsOrigins='
WARNS = {
    "T409-pages": (CONFIG, CORS + '""', CORS + '"*"'),
    "T409-template": (TEMPLATE, "        - AllowOrigins: !Ref CorsOrigins\n", '        - AllowOrigins: ["*"]\n'),
    "T410-less": (CONFIG, "RateLimit=500 BurstLimit=1000", "RateLimit=1 BurstLimit=1"),
    "T410-memory": (CONFIG, "MemorySize=512 LogRetentionDays=90", "MemorySize=128 LogRetentionDays=90"),
}


@pytest.mark.parametrize("name", WARNS)
def test_a_warning_changes_no_verdict(stack: Stack, name: str) -> None:
    if name == "T409-template":
        stack.edit(CONFIG, CORS + '""', CORS + "https://shop.example")
    text = stack.edit(*WARNS[name]).says()

    assert " 0 broken, 0 skipped" in text
    reports.check(name, text)


def test_every_clause_has_been_broken() -> None:
    assert {clause.code for clause in CLAUSES if clause.code[0] == "T"} == reports.codes(BREAKS)


# --- stages with names of their own


def own_stages(stack: Stack) -> Stack:
    """Call the two stages preprod and live."""
    stack.texts[CONFIG] = stack.texts[CONFIG].replace("staging", "preprod").replace("prod", "live")
    stack.texts[CONFIG] = stack.texts[CONFIG].replace("prelive", "preprod")
    return stack


@pytest.mark.parametrize(
    ("edit", "code", "line", "evidence"),
    [
        (
            (CODEDEPLOY.format("true"), CODEDEPLOY.format("false")),
            "T414",
            "  CodeDeploy=false",
            "live sets CodeDeploy=false: without CodeDeploy the alias live moves at once to a version that has proved",
        ),
        (
            ("Stage=live Architecture=x86_64 MemorySize=512 ", "Stage=live Architecture=x86_64 "),
            "T410",
            "[live.deploy.parameters]",
            "preprod sets deploy: MemorySize, and live does not.",
        ),
    ],
)
def test_a_stage_is_known_by_samconfig(
    stack: Stack, edit: tuple[str, str], code: str, line: str, evidence: str
) -> None:
    text = own_stages(stack).edit(CONFIG, *edit).says()

    number = next(n for n, text in enumerate(stack.texts[CONFIG].splitlines(), 1) if text.startswith(line))
    assert f"\n  {evidence}" in text
    assert text.startswith(f"{code} BROKEN")
    assert f"  Fix:   samconfig.toml:{number}\n" in text


# --- what is unusual, and fine


def reordered(stack: Stack) -> None:
    """Write every key in the order of the alphabet, every function in its long form, and no comment."""
    (stack.root / TEMPLATE).write_text(stack.texts[TEMPLATE])
    source = Template(stack.root / TEMPLATE).source
    stack.texts[TEMPLATE] = yaml.safe_dump(source, sort_keys=True)


def another_function(stack: Stack) -> None:
    stack.edit(
        TEMPLATE,
        "  RuntimeLayer:\n",
        "  Nightly:\n"
        "    Type: AWS::Serverless::Function\n"
        "    Properties:\n"
        "      CodeUri: nightly/\n"
        "      Handler: nightly.handler\n"
        "      Runtime: python3.12\n"
        "      Role: arn:aws:iam::123456789012:role/nightly\n"
        "      LoggingConfig: {LogGroup: !Ref HookLog}\n"
        "      Events: {Night: {Type: Schedule, Properties: {Schedule: rate(1 day)}}}\n\n"
        "  RuntimeLayer:\n",
    )


def another_api(stack: Stack) -> None:
    another_function(stack)
    stack.edit(
        TEMPLATE,
        "  Nightly:\n    Type: AWS::Serverless::Function\n    Properties:\n",
        "  NightlyIntegration:\n"
        "    Type: AWS::ApiGatewayV2::Integration\n"
        "    Properties:\n"
        "      ApiId: !Ref Api\n"
        "      IntegrationType: AWS_PROXY\n"
        "      IntegrationUri: !Sub ${Nightly.Arn}:now\n"
        '      PayloadFormatVersion: "1.0"\n'
        "      CredentialsArn: arn:aws:iam::123456789012:role/calls\n"
        "  Nightly:\n    Type: AWS::Serverless::Function\n    UpdateReplacePolicy: Retain\n    Properties:\n"
        "      AutoPublishAlias: now\n",
    )


def in_a_vpc(stack: Stack) -> None:
    stack.edit(TEMPLATE, ALIAS, ALIAS + "      VpcConfig: {SubnetIds: [subnet-1], SecurityGroupIds: [sg-1]}\n").edit(
        TEMPLATE,
        "                Resource: !GetAtt FunctionLog.Arn\n",
        "                Resource: !GetAtt FunctionLog.Arn\n"
        "              - Effect: Allow\n"
        "                Action:\n"
        "                  - ec2:CreateNetworkInterface\n"
        "                  - ec2:DescribeNetworkInterfaces\n"
        "                  - ec2:DeleteNetworkInterface\n"
        '                Resource: "*"\n',
    )


def for_developers(stack: Stack) -> None:
    stack.texts[CONFIG] += (
        "\n[sandbox.deploy.parameters]\n"
        'stack_name = "credit-risk-sandbox"\n'
        'parameter_overrides = "Stage=sandbox Auth=NONE CodeDeploy=false"\n'
    )


def a_third_stage(stack: Stack) -> None:
    begin = stack.texts[CONFIG].index("[staging.build")
    end = stack.texts[CONFIG].index("[prod.build")
    stack.texts[CONFIG] += "\n" + stack.texts[CONFIG][begin:end].replace("staging", "preview")


def only_prod(stack: Stack) -> None:
    begin = stack.texts[CONFIG].index("[staging.build")
    end = stack.texts[CONFIG].index("[prod.build")
    stack.texts[CONFIG] = stack.texts[CONFIG][:begin] + stack.texts[CONFIG][end:]


def a_list_of_overrides(stack: Stack) -> None:
    stack.texts[CONFIG] = re.sub(
        r'parameter_overrides = """\\\n(.*?)"""',
        lambda block: f"parameter_overrides = {re.findall(r'[^\s\\]+', block[1].replace('""', ''))}",
        stack.texts[CONFIG],
        flags=re.DOTALL,
    )


def a_metric_of_their_own(stack: Stack) -> None:
    alarm = (
        resource("VersionIsSlow").replace("VersionIsSlow", "HookIsSlow").replace("PredictFunction", "PreTrafficHook")
    )
    stack.edit(
        TEMPLATE, "  RequestsAreThrottled:\n", alarm.replace(".Version.Version", ".Arn") + "  RequestsAreThrottled:\n"
    )


UNUSUAL: dict[str, Callable[[Stack], object]] = {
    "keys in another order, functions in their long form": reordered,
    "a function of another kind": another_function,
    "a function of another kind, behind the same API": another_api,
    "an alarm more": a_metric_of_their_own,
    "a VPC": in_a_vpc,
    "a stage for developers, open and without CodeDeploy": for_developers,
    "a third stage": a_third_stage,
    "one stage": only_prod,
    "stages with names of their own": own_stages,
    "overrides as a list": a_list_of_overrides,
    "other values": lambda stack: stack.edit(
        CONFIG, "MemorySize=512 LogRetentionDays=90", "MemorySize=1769 LogRetentionDays=365"
    ),
    "tokens": lambda stack: stack.edit(
        CONFIG, 'Auth=AWS_IAM JwtIssuer="" JwtAudience=""', "Auth=JWT JwtIssuer=https://id.example JwtAudience=a,b"
    ),
    "a domain": lambda stack: stack.edit(
        CONFIG, 'DomainName="" CertificateArn=""', "DomainName=score.example CertificateArn=arn:aws:acm:c"
    ),
    "tags": lambda stack: stack.edit(
        TEMPLATE, "Resources:\n", "Globals: {Function: {Tags: {team: risk}}}\n\nResources:\n"
    ),
    "a URL that asks for signatures": lambda stack: stack.edit(
        TEMPLATE, ALIAS, ALIAS + "      FunctionUrlConfig: {AuthType: AWS_IAM}\n"
    ),
    "a namespace of their own, read there too": lambda stack: stack.edit(TEMPLATE, NAMESPACE, OWN_NAMESPACE).edit(
        TEMPLATE,
        "Namespace: !Ref AWS::StackName\n        ApiId",
        'Namespace: !Join ["-", [predict, !Ref Stage]]\n        ApiId',
    ),
    "the URI joined": lambda stack: stack.edit(
        TEMPLATE,
        "!Sub arn:${AWS::Partition}:apigateway:${AWS::Region}:lambda:path/2015-03-31/functions/${PredictFunction.Arn}"
        ":live/invocations",
        '!Join ["", ["arn:", !Ref AWS::Partition, ":apigateway:", !Ref AWS::Region, ":lambda:path/2015-03-31/functions"'
        ", /, !GetAtt PredictFunction.Arn, ':live/invocations']]",
    ),
    "the alias by its own ARN": lambda stack: stack.edit(
        TEMPLATE, "${PredictFunction.Arn}:live/invocations", "${PredictFunction.Alias}/invocations"
    ),
    "a browser's preflight, open": lambda stack: stack.edit(
        TEMPLATE,
        "  Integration:\n",
        "  Preflight:\n"
        "    Type: AWS::ApiGatewayV2::Route\n"
        "    Properties:\n"
        "      ApiId: !Ref Api\n"
        "      RouteKey: OPTIONS /{proxy+}\n"
        "      Target: !Sub integrations/${Integration}\n\n"
        "  Integration:\n",
    ),
    "a route for every method, and one for the API's root": lambda stack: stack.edit(
        TEMPLATE,
        "RouteKey: $default\n      AuthorizationType: !Ref",
        "RouteKey: ANY /{path+}\n      AuthorizationType: !Ref",
    ),
    "a role for another one of the account, and for those of an organisation": lambda stack: stack.edit(
        TEMPLATE,
        SERVICE,
        SERVICE
        + """            Action: sts:AssumeRole
          - Effect: Allow
            Principal: {AWS: [!Sub "arn:aws:iam::${AWS::AccountId}:role/audit", !GetAtt HookRole.Arn]}
            Action: sts:AssumeRole
          - Effect: Allow
            Principal: {AWS: "*"}
            Condition: {StringEquals: {aws:PrincipalOrgID: o-a1b2c3d4e5}}
""",
    ),
    "release branches deploy": lambda stack: stack.edit(
        ROLE,
        SUBJECT,
        SUBJECT.replace("Equals", "Like").replace("environment:${StackName}", "ref:refs/heads/release/*"),
    ),
    "no role of OpenID Connect": lambda stack: stack.texts.pop(ROLE),
    "layers kept by SAM's own default": lambda stack: stack.edit(TEMPLATE, "      RetentionPolicy: Retain\n", ""),
    "a deployment that alarms of the API stop too": lambda stack: stack.edit(
        TEMPLATE, ALARMS, ALARMS + "          - !Ref ApiFails\n"
    ),
    "an alarm of another stack stops a deployment": lambda stack: stack.edit(
        TEMPLATE, ALARMS, "        Alarms: [checkout-fails]\n"
    ),
    "an alarm that a composite one speaks for": lambda stack: stack.edit(
        TEMPLATE, QUIET, QUIET + "      ActionsEnabled: false\n"
    ).edit(
        TEMPLATE,
        "  VersionIsSlow:\n",
        "  VersionIsBad:\n"
        "    Type: AWS::CloudWatch::CompositeAlarm\n"
        "    Properties:\n"
        "      AlarmName: bad\n"
        "      AlarmRule: !Sub ALARM(${VersionFails})\n"
        "  VersionIsSlow:\n",
    ),
    "thresholds of their own": lambda stack: stack.edit(TEMPLATE, PERCENT, PERCENT.replace("1\n", "60\n")).edit(
        TEMPLATE, "Expression: IF(FILL(died, 0) > 0 OR", "Expression: IF(SUM(METRICS()) > 9 OR"
    ),
    "a panel more on the dashboard": lambda stack: stack.edit(
        MONITORING, '"title": "Requests, and', '"title": "All requests, and'
    ),
}


@pytest.mark.parametrize("name", UNUSUAL)
def test_a_stack_that_is_only_unusual_keeps_every_clause(stack: Stack, name: str) -> None:
    UNUSUAL[name](stack)

    assert reports.is_all_kept(text := stack.says()), text
