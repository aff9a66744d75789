#!/usr/bin/python3
"""Uses python3-etcd3 (gRPC) against a server, all that it offers but changing members: etcd3_client.py HOST PORT

Exit code 77: the package is missing.
"""
import io
import os
import queue
import sys
import threading
import unittest
import uuid

os.environ.setdefault("PROTOCOL_BUFFERS_PYTHON_IMPLEMENTATION", "python")
try:
    import etcd3
    from etcd3 import exceptions
except ImportError as missing:
    print(f"skipped: {missing}")
    sys.exit(77)

HOST, PORT = sys.argv[1], int(sys.argv[2])


class Client(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.client = etcd3.client(host=HOST, port=PORT, timeout=30)

    def setUp(self):
        self.prefix = f"/{uuid.uuid4()}/"
        self.addCleanup(self.client.delete_prefix, self.prefix)

    def key(self, name):
        return self.prefix + name

    def test_status_and_members(self):
        status = self.client.status()
        self.assertRegex(status.version, r"^3\.\d+\.\d+$")
        self.assertIn(status.leader.id, [member.id for member in self.client.members])
        member = next(iter(self.client.members))
        self.assertEqual(list(member.active_alarms), [])
        self.assertTrue(list(member.client_urls))

    def test_put_get_delete(self):
        self.client.put(self.key("a"), "1")
        self.assertEqual(self.client.put(self.key("a"), "ü", prev_kv=True).prev_kv.value, b"1")
        value, metadata = self.client.get(self.key("a"))
        self.assertEqual((value, metadata.version), ("ü".encode(), 2))
        self.assertEqual(self.client.get(self.key("a"), serializable=True)[0], value)
        self.assertEqual(self.client.get_response(self.key("a")).count, 1)
        self.assertTrue(self.client.delete(self.key("a")))
        self.assertFalse(self.client.delete(self.key("a")))
        self.assertEqual(self.client.get(self.key("a")), (None, None))

    def test_ranges_and_their_order(self):
        for name, value in (("b", "1"), ("a", "3"), ("c", "2")):
            self.client.put(self.key(name), value)

        def names(found):
            return [metadata.key.decode()[-1] for _, metadata in found]

        self.assertEqual(names(self.client.get_prefix(self.prefix)), ["a", "b", "c"])
        self.assertEqual(names(self.client.get_prefix(self.prefix, sort_order="descend")), ["c", "b", "a"])
        by_value = self.client.get_prefix(self.prefix, sort_order="ascend", sort_target="value")
        self.assertEqual(names(by_value), ["b", "c", "a"])
        keys_only = self.client.get_prefix(self.prefix, keys_only=True)
        self.assertEqual([value for value, _ in keys_only], [b""] * 3)
        self.assertEqual(names(self.client.get_range(self.key("a"), self.key("c"))), ["a", "b"])
        self.assertTrue(len(list(self.client.get_all())) >= 3)
        self.assertEqual(self.client.delete_prefix(self.prefix).deleted, 3)

    def test_transactions(self):
        self.assertTrue(self.client.put_if_not_exists(self.key("a"), "1"))
        self.assertFalse(self.client.put_if_not_exists(self.key("a"), "2"))
        self.assertTrue(self.client.replace(self.key("a"), "1", "2"))
        self.assertFalse(self.client.replace(self.key("a"), "1", "3"))
        run = self.client.transactions
        succeeded, responses = self.client.transaction(
            compare=[run.value(self.key("a")) == "2", run.version(self.key("a")) > 1,
                     run.create(self.key("none")) == 0, run.mod(self.key("a")) != 0],
            success=[run.put(self.key("b"), "x"), run.get(self.key("a")), run.delete(self.key("none")),
                     run.txn(compare=[], success=[run.get(self.key("b"))], failure=[])],
            failure=[run.put(self.key("c"), "y")])
        self.assertTrue(succeeded)
        self.assertEqual(responses[1][0][0], b"2")
        self.assertEqual(self.client.get(self.key("c")), (None, None))

    def test_leases(self):
        lease = self.client.lease(60)
        self.client.put(self.key("a"), "1", lease=lease)
        self.assertEqual(list(lease.keys), [self.key("a").encode()])
        self.assertEqual(lease.granted_ttl, 60)
        self.assertTrue(0 < lease.remaining_ttl <= 60)
        self.assertEqual(lease.refresh()[0].TTL, 60)
        self.assertEqual(self.client.get_lease_info(lease.id).grantedTTL, 60)
        lease.revoke()
        self.assertEqual(self.client.get(self.key("a")), (None, None))
        chosen = self.client.lease(60, lease_id=4711)
        self.assertEqual(chosen.id, 4711)
        self.client.revoke_lease(4711)

    def test_locks(self):
        name = str(uuid.uuid4())
        with self.client.lock(name, ttl=60) as first:
            self.assertTrue(first.is_acquired())
            first.refresh()
            self.assertFalse(self.client.lock(name, ttl=60).acquire(timeout=0))
        second = self.client.lock(name, ttl=60)
        entered = threading.Event()
        with self.client.lock(name, ttl=60) as third:
            waiting = threading.Thread(target=lambda: second.acquire(timeout=30) and entered.set())
            waiting.start()
        waiting.join(30)
        self.assertTrue(entered.is_set())
        self.assertTrue(second.release())

    def test_watches(self):
        events, cancel = self.client.watch_prefix(self.prefix, prev_kv=True)
        self.client.put(self.key("a"), "1")
        self.client.put(self.key("b"), "x" * 100000)
        self.client.delete(self.key("a"))
        seen = [next(events) for _ in range(3)]
        cancel()
        self.assertEqual([event.key.decode()[-1] for event in seen], ["a", "b", "a"])
        self.assertIsInstance(seen[2], etcd3.events.DeleteEvent)
        self.assertEqual(seen[2].prev_value, b"1")
        revision = seen[0].mod_revision
        self.assertEqual(self.client.watch_once(self.key("a"), timeout=30, start_revision=revision).value, b"1")
        by_prefix = self.client.watch_prefix_once(self.prefix, timeout=30, start_revision=revision + 1)
        self.assertEqual(by_prefix.mod_revision, revision + 1)

    def test_many_watches_on_one_stream(self):
        seen = queue.Queue()
        ids = [self.client.add_watch_callback(self.key(str(number)), seen.put) for number in range(100)]
        for number in range(100):
            self.client.put(self.key(str(number)), "1")
        keys = {event.key for _ in range(100) for event in seen.get(timeout=30).events}
        self.assertEqual(len(keys), 100)
        for watch in ids:
            self.client.cancel_watch(watch)

    def test_compaction_is_told_to_reads_and_watches(self):
        for value in "123":
            last = self.client.put(self.key("a"), value)
        self.client.compact(last.header.revision, physical=True)
        events, cancel = self.client.watch(self.key("a"), start_revision=1)
        with self.assertRaises(exceptions.RevisionCompactedError) as compacted:
            next(events)
        self.assertEqual(compacted.exception.compacted_revision, last.header.revision)
        cancel()

    def test_maintenance(self):
        self.client.defragment()
        self.assertEqual([alarm.alarm_type for alarm in self.client.create_alarm()], [1])
        try:
            self.assertEqual(len(list(self.client.list_alarms())), 1)
            with self.assertRaises(Exception):
                self.client.put(self.key("a"), "1")
        finally:
            self.client.disarm_alarm()
        self.assertEqual(list(self.client.list_alarms()), [])
        copy = io.BytesIO()
        self.client.snapshot(copy)
        self.assertEqual(len(copy.getvalue()) % 512, 32)


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1], verbosity=2)
