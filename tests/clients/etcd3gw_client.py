#!/usr/bin/python3
"""Uses python3-etcd3gw (JSON) against a server, all that it offers: etcd3gw_client.py HOST PORT

Exit code 77: the package is missing.
"""
import queue
import sys
import unittest
import uuid

try:
    import etcd3gw
    from etcd3gw import exceptions
    from etcd3gw.watch import Watcher
except ImportError as missing:
    print(f"skipped: {missing}")
    sys.exit(77)

HOST, PORT = sys.argv[1], int(sys.argv[2])


class Gateway(unittest.TestCase):
    def setUp(self):
        self.client = etcd3gw.Etcd3Client(host=HOST, port=PORT, timeout=30, api_path="/v3/")
        self.prefix = f"k/{uuid.uuid4()}/"
        self.addCleanup(self.client.delete_prefix, self.prefix)

    def key(self, name):
        return self.prefix + name

    def test_status_and_members(self):
        status = self.client.status()
        self.assertRegex(status["version"], r"^3\.\d+\.\d+$")
        self.assertTrue(int(status["raftIndex"]) > 0)
        self.assertIn(status["leader"], [member["ID"] for member in self.client.members()])

    def test_put_get_delete(self):
        self.assertTrue(self.client.put(self.key("a"), "o\x00"))
        self.assertEqual(self.client.get(self.key("a")), ["o\x00".encode()])
        (value, metadata), = self.client.get(self.key("a"), metadata=True)
        self.assertEqual(metadata["version"], "1")
        self.assertTrue(self.client.delete(self.key("a")))
        self.assertFalse(self.client.delete(self.key("a")))
        self.assertEqual(self.client.get(self.key("a")), [])

    def test_ranges_and_their_order(self):
        for name, value in (("b", "1"), ("a", "3"), ("c", "2")):
            self.client.put(self.key(name), value)

        def names(**options):
            found = self.client.get_prefix(self.prefix, **options)
            return [metadata["key"].decode()[-1] for _, metadata in found]

        self.assertEqual(names(), ["a", "b", "c"])
        self.assertEqual(names(sort_order="descend"), ["c", "b", "a"])
        self.assertEqual(names(sort_order="ascend", sort_target="value"), ["b", "c", "a"])
        self.assertEqual(names(sort_order="descend", sort_target="mod"), ["c", "a", "b"])
        self.assertTrue(len(self.client.get_all()) >= 3)
        self.assertTrue(self.client.delete_prefix(self.prefix))
        self.assertEqual(names(), [])

    def test_create_and_replace(self):
        self.assertTrue(self.client.create(self.key("a"), "1"))
        self.assertFalse(self.client.create(self.key("a"), "2"))
        self.assertTrue(self.client.replace(self.key("a"), "1", "2"))
        self.assertFalse(self.client.replace(self.key("a"), "1", "3"))
        self.assertEqual(self.client.get(self.key("a")), [b"2"])

    def test_leases(self):
        lease = self.client.lease(ttl=60)
        self.client.put(self.key("a"), "1", lease=lease)
        self.client.create(self.key("b"), "1", lease=lease)
        self.assertEqual(sorted(lease.keys()), [self.key("a").encode(), self.key("b").encode()])
        self.assertTrue(0 < lease.ttl() <= 60)
        self.assertEqual(lease.refresh(), 60)
        self.assertTrue(lease.revoke())
        self.assertEqual(self.client.get(self.key("a")), [])
        self.assertEqual(lease.ttl(), -1)

    def test_locks(self):
        name = str(uuid.uuid4())
        with self.client.lock(name, ttl=60) as first:
            self.assertTrue(first.is_acquired())
            self.assertEqual(first.refresh(), 60)
            second = self.client.lock(name, ttl=60)
            self.assertFalse(second.acquire())
            self.assertFalse(second.is_acquired())
        self.assertTrue(second.acquire())
        self.assertTrue(second.release())
        self.assertFalse(second.release())

    def test_watches(self):
        events, cancel = self.client.watch_prefix(self.prefix)
        self.client.put(self.key("a"), "1")
        self.client.put(self.key("b"), "x" * 500)
        self.client.delete(self.key("a"))
        seen = [next(events) for _ in range(3)]
        cancel()
        self.assertEqual([event["kv"]["key"].decode()[-1] for event in seen], ["a", "b", "a"])
        self.assertEqual(len(seen[1]["kv"]["value"]), 500)
        self.assertEqual(seen[2]["type"], "DELETE")
        revision = int(seen[0]["kv"]["mod_revision"])
        again = self.client.watch_once(self.key("a"), timeout=30, start_revision=revision)
        self.assertEqual(again["kv"]["value"], b"1")
        by_prefix = self.client.watch_prefix_once(self.prefix, timeout=30, start_revision=revision + 1)
        self.assertEqual(by_prefix["kv"]["mod_revision"], str(revision + 1))

    def test_a_watch_of_many_events(self):
        seen = queue.Queue()
        watcher = Watcher(self.client, self.key("n"), seen.put)
        for number in range(200):
            self.client.put(self.key("n"), str(number))
        self.assertEqual([int(seen.get(timeout=30)["kv"]["value"]) for _ in range(200)], list(range(200)))
        watcher.stop()

    def test_errors(self):
        with self.assertRaises(exceptions.Etcd3Exception) as wrong:
            self.client.put("", "1")
        self.assertIn("key is not provided", wrong.exception.detail_text)
        with self.assertRaises(exceptions.Etcd3Exception):
            self.client.post(self.client.get_url("/nosuch"), json={})


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1], verbosity=2, warnings="ignore")
