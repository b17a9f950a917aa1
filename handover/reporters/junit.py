"""Findings as JUnit's XML, which GitLab, Azure, Jenkins and others draw in a merge request: a clause is a test.

Its form is that of https://github.com/testmoapp/junitxml: a suite of cases, with failure, error or skipped in each.
"""

from collections.abc import Sequence
from pathlib import Path
from xml.etree.ElementTree import Element, SubElement, indent, tostring

from handover.finding import Context, Finding, Verdict
from handover.reporters import text

NAME = "handover"


def report(findings: Sequence[Finding], context: Context) -> str:
    """Write a case for each clause; what could not be checked without leave is an error, for nobody knows of it."""
    suite = Element("testsuite", name=f"{NAME}: {_plain(context.subject)}")
    for finding in findings:
        clause = finding.clause
        case = SubElement(suite, "testcase", classname=f"{NAME}.{clause.code[0]}", name=f"{clause.code} {clause.rule}")
        if broken := finding.broken:
            if isinstance(broken.path, Path):
                case.set("file", context.relative(broken.path))
            failure = SubElement(case, "failure", message=finding.headline, type="broken")
            failure.text = _plain(text.broken(finding, context))
        elif finding.unchecked:
            SubElement(case, "error", message=_plain(finding.reason), type="not checked")
        elif finding.verdict is not Verdict.KEPT:
            SubElement(case, "skipped", message=_plain(finding.allowed or finding.reason))
        if output := "\n".join(text.warned(finding, warning, context) for warning in finding.warnings) or finding.note:
            SubElement(case, "system-out").text = _plain(output)
    return _written(suite)


def cut_short(sentence: str) -> str:
    """Write the error of a check that ended before its verdict."""
    suite = Element("testsuite", name=f"{NAME}: The contract")
    case = SubElement(suite, "testcase", classname=NAME, name="The contract could be checked")
    SubElement(case, "error", message=_plain(sentence), type="not checked")
    return _written(suite)


def _written(suite: Element) -> str:
    cases = suite.findall("testcase")
    suite.set("tests", str(len(cases)))
    for kind, name in (("failures", "failure"), ("errors", "error"), ("skipped", "skipped")):
        suite.set(kind, str(sum(case.find(name) is not None for case in cases)))
    suites = Element("testsuites")
    suites.append(suite)
    indent(suites)
    return '<?xml version="1.0" encoding="UTF-8"?>\n' + tostring(suites, encoding="unicode") + "\n"


def _plain(given: str) -> str:
    """Leave out what XML 1.0 has no way to write."""
    return "".join(letter for letter in given if letter in "\t\n" or letter.isprintable())
