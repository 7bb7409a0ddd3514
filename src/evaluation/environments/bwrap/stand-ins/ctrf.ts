/**
 * A plugin of pytest that takes `--ctrf FILE` and writes what pytest-json-ctrf writes: the form of
 * CTRF, with times in seconds and `file_path`.
 */
export const ctrfPlugin = String.raw`"""Stands in for pytest-json-ctrf: --ctrf FILE writes a report of the tests."""
import json
import os
import time

import pytest

STATUSES = ("passed", "failed", "skipped", "pending", "other")


def pytest_addoption(parser):
    parser.getgroup("ctrf").addoption(
        "--ctrf", action="store", default=None, metavar="FILE", help="write a report to FILE"
    )


def pytest_configure(config):
    path = config.getoption("--ctrf", None)
    if path and not hasattr(config, "workerinput"):
        config.pluginmanager.register(Report(os.path.abspath(path)), "agent33-ctrf")


class Report:
    def __init__(self, path):
        self.path = path
        self.start = time.time()
        self.tests = {}

    def pytest_runtest_logreport(self, report):
        test = self.tests.setdefault(
            report.nodeid,
            {
                "name": report.nodeid,
                "status": "passed",
                "duration": 0.0,
                "start": time.time() - report.duration,
                "stop": 0.0,
                "retries": 0,
                "file_path": report.location[0],
            },
        )
        test["duration"] += report.duration
        test["stop"] = time.time()
        if report.failed:
            test["status"] = "failed"
            test["trace"] = report.longreprtext
            crash = getattr(report.longrepr, "reprcrash", None)
            test["message"] = getattr(crash, "message", "failed in " + report.when)
        elif report.skipped and test["status"] != "failed":
            test["status"] = "other" if hasattr(report, "wasxfail") else "skipped"

    def pytest_sessionfinish(self):
        tests = list(self.tests.values())
        counts = {one: sum(test["status"] == one for test in tests) for one in STATUSES}
        summary = {"tests": len(tests), **counts, "start": self.start, "stop": time.time()}
        tool = {"name": "pytest", "version": pytest.__version__}
        os.makedirs(os.path.dirname(self.path), exist_ok=True)
        with open(self.path, "w", encoding="utf-8") as file:
            json.dump({"results": {"tool": tool, "summary": summary, "tests": tests}}, file, indent=4)
`;
