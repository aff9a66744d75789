#!/usr/bin/python3
"""Runs the tests that python3-etcd3gw brings along, as they are, against a server: etcd3gw_suite.py HOST PORT

Exit code 77: something is missing. The tests want to find a server on port 2379, and two libraries of which they use
next to nothing; both are arranged here, and nothing of the package is changed.
"""
import importlib
import sys
import types
import unittest

host, port = sys.argv[1], int(sys.argv[2])
try:
    import urllib3
    client = importlib.import_module("etcd3gw.client")
except ImportError as missing:
    print(f"skipped: {missing}")
    sys.exit(77)

# testtools and oslotest are not packaged with it; of both only unittest's own classes are used.
testcase = types.ModuleType("testtools.testcase")
testcase.unittest = unittest
sys.modules["testtools"] = types.ModuleType("testtools")
sys.modules["testtools.testcase"] = testcase
oslotest = types.ModuleType("oslotest")
oslotest.base = types.ModuleType("oslotest.base")
oslotest.base.BaseTestCase = unittest.TestCase
sys.modules["oslotest"] = oslotest
sys.modules["oslotest.base"] = oslotest.base

# The client's own defaults are localhost, 2379, and the path of etcd 3.2.
init = client.Etcd3Client.__init__
init.__defaults__ = (host, port) + init.__defaults__[2:-1] + ("/v3/",)


class Running(urllib3.PoolManager):
    """The question whether there is a server is asked at the port that the tests would use."""

    def request(self, method, url, *args, **kwargs):
        return super().request(method, f"http://{host}:{port}/version", *args, **kwargs)


manager, urllib3.PoolManager = urllib3.PoolManager, Running
from etcd3gw.tests import test_etcd3gw  # noqa: E402
urllib3.PoolManager = manager

# Its other module, test_client, asks no server anything.
suite = unittest.defaultTestLoader.loadTestsFromModule(test_etcd3gw)
result = unittest.TextTestRunner(stream=sys.stdout, verbosity=2).run(suite)
print(f"ran {result.testsRun}, failed {len(result.failures) + len(result.errors)}, skipped {len(result.skipped)}")
sys.exit(0 if result.wasSuccessful() and result.testsRun > 0 and not result.skipped else 1)
