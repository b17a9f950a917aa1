import textwrap
from collections.abc import Callable
from pathlib import Path

import pytest

from handover.local.stack import BuiltFunction, built_function

TEMPLATE = """
Parameters:
  Stage: {Type: String, Default: dev}
  MemorySize: {Type: Number, Default: 512}
Resources:
  PredictFunction:
    Type: AWS::Serverless::Function
    Properties:
      CodeUri: PredictFunction
      Handler: app.handler
      MemorySize: !Ref MemorySize
      Timeout: 2
      Layers: [!Ref RuntimeLayer, !Ref ModelLayer]
      Environment:
        Variables:
          DELIVERY: /opt/delivery
          NAMESPACE: !Sub handover-${Stage}
  RuntimeLayer:
    Type: AWS::Serverless::LayerVersion
    Properties: {ContentUri: RuntimeLayer}
  ModelLayer:
    Type: AWS::Serverless::LayerVersion
    Properties: {ContentUri: ModelLayer}
"""

type Build = Callable[[str], BuiltFunction]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / ".aws-sam" / "build"


@pytest.fixture
def build(folder: Path) -> Build:
    """Lay out what `sam build` leaves, with a function of a few lines."""

    def lay_out(code: str) -> BuiltFunction:
        for name in ("PredictFunction", "RuntimeLayer/python", "ModelLayer/delivery"):
            (folder / name).mkdir(parents=True)
        (folder / "template.yaml").write_text(TEMPLATE)
        (folder / "PredictFunction" / "app.py").write_text(textwrap.dedent(code))
        (folder / "RuntimeLayer" / "python" / "layered.py").write_text("ORIGIN = 'layer'\n")
        (folder / "ModelLayer" / "delivery" / "model.txt").write_text("the model")
        return built_function(folder)

    return lay_out
