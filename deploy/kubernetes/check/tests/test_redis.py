"""The scripts that run Redis, with the real redis-server: start, users, fail-over, restart of all."""

import os
import subprocess
import tempfile
import unittest
import urllib.error
import urllib.request
from pathlib import Path

import overlays
from tests.pods import Machine, eventually, free_ports

SERVERS = [f"redis-{i}" for i in range(6)]
SENTINELS = [f"sentinel-{i}" for i in range(3)]


class Topology(unittest.TestCase):
    """Each test has the pods of one overlay to itself."""

    overlay = ""

    def setUp(self):
        # A folder with a short name: sockets and logs of a failed test stay readable.
        self.folder = tempfile.TemporaryDirectory(prefix="baton-k8s-")
        manifests = overlays.copy(Path(self.folder.name))
        self.pods = Machine(overlays.render(manifests, self.overlay), Path(self.folder.name))
        self.addCleanup(self.folder.cleanup)
        self.addCleanup(self.pods.close)
        self.addCleanup(self.show_log)

    def show_log(self):
        failed = getattr(self._outcome, "result", None)
        if failed and (failed.errors or failed.failures):
            self.pods.log.flush()
            print(Path(self.folder.name, "log").read_text()[-8000:])

    def ready(self, *pods):
        for pod in pods:
            eventually(f"{pod} to be ready", lambda pod=pod: self.pods.probe(pod, "readinessProbe"))

    def role(self, pod):
        return self.pods.redis(pod, "server", "role").split("\n")[0]

    def primary(self, pods):
        return eventually("a primary", lambda: next((p for p in pods if self.role(p) == "master"), None))

    def write(self, pod, key, value):
        """Writes as Baton, once the server takes it."""
        eventually(f"a write of {key}", lambda: self.pods.redis(pod, "baton", "set", key, value) == "OK")

    def baton_works(self, first):
        """A real node serves with the store's URL of the manifest, and asked for nothing it may not."""
        binary = os.environ["BATON_BIN"]
        listen, admin = free_ports(2)
        statefulset = self.pods.overlay.get("StatefulSet", "baton")
        made = self.pods.overlay.environment(
            overlays.containers(statefulset)[0], {"metadata.name": "baton-0"}
        )
        config = Path(self.folder.name, "baton.toml")
        name = next(v for v in overlays.pod_spec(statefulset)["volumes"])["configMap"]["name"]
        config.write_text(self.pods.overlay.data("ConfigMap", name)["baton.toml"])
        variables = {n: self.pods.here(v) for n, v in made.items() if n.startswith("BATON_")}
        variables |= {
            "BATON_CONFIG": str(config),
            "BATON_LISTEN": f"127.0.0.1:{listen}",
            "BATON_ADMIN__LISTEN": f"127.0.0.1:{admin}",
            "BATON_NODE__INTERNAL_URL": f"http://127.0.0.1:{listen}",
        }
        node = subprocess.Popen([binary], env=variables, stdout=self.pods.log, stderr=self.pods.log)
        try:
            eventually("the node to be ready", lambda: status(admin, "/readyz") == 200)
            token = subprocess.run(
                [binary, "token", "--tenant", "t", "--customer", "c"],
                env=variables, check=True, capture_output=True, text=True,
            ).stdout.strip()
            request = urllib.request.Request(
                f"http://127.0.0.1:{listen}/sessions",
                data=b'{"sessionName":"n","offerId":"o"}',
                headers={"Authorization": f"Bearer {token}"},
            )
            with urllib.request.urlopen(request, timeout=10) as answer:
                self.assertEqual(answer.status, 200)
        finally:
            node.terminate()
            node.wait(timeout=60)
        self.assertEqual(self.denied(first), [])

    def denied(self, pod):
        """What the users' rules forbade somebody, since the log was last emptied."""
        told = self.pods.redis(pod, "admin", "acl", "log").split("\n")
        words = ("reason", "context", "object", "username")
        return [told[i + 1] for i, word in enumerate(told) if word in words]


def status(port, path):
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}{path}", timeout=5) as answer:
            return answer.status
    except urllib.error.HTTPError as error:
        return error.code
    except OSError:
        return None


class Single(Topology):
    overlay = "redis-single"

    def test_users_may_what_they_need_and_data_outlives_a_restart(self):
        self.pods.start("redis-0")
        self.ready("redis-0")
        self.baton_works("redis-0")
        self.assertIn("NOAUTH", self.pods.redis("redis-0", "nobody", "get", "baton:x"))
        self.assertIn("NOPERM", self.pods.redis("redis-0", "baton", "set", "other", "1"))
        self.assertIn("NOPERM", self.pods.redis("redis-0", "baton", "flushall"))
        self.assertIn("NOPERM", self.pods.redis("redis-0", "baton", "keys", "*"))
        self.assertIn("NOPERM", self.pods.redis("redis-0", "server", "get", "baton:x"))
        self.assertIn("noeviction", self.pods.redis("redis-0", "admin", "config", "get", "maxmemory-policy"))
        self.write("redis-0", "baton:x", "kept")
        # What scripts wrote comes back too: it is logged as transactions, which obey the users' rules.
        keys = self.pods.redis("redis-0", "admin", "dbsize")
        self.pods.redis("redis-0", "admin", "acl", "log", "reset")
        self.pods.stop("redis-0")
        self.pods.start("redis-0")
        self.ready("redis-0")
        self.assertEqual(self.denied("redis-0"), [])
        self.assertEqual(self.pods.redis("redis-0", "admin", "dbsize"), keys)
        self.assertEqual(self.pods.redis("redis-0", "baton", "get", "baton:x"), "kept")


class Sentinel(Topology):
    overlay = "redis-sentinel"

    def setUp(self):
        super().setUp()
        # The order in which Kubernetes starts them: any.
        self.pods.start(*SENTINELS, *SERVERS[:3])
        self.ready(*SERVERS[:3])
        for sentinel in SENTINELS:
            eventually("the Sentinels to know all", lambda s=sentinel: self.knows_all(s))

    def knows_all(self, sentinel):
        lines = self.pods.redis(sentinel, "server", "sentinel", "master", "baton").split("\n")
        facts = dict(zip(lines[::2], lines[1::2]))
        return facts.get("num-slaves") == "2" and facts.get("num-other-sentinels") == "2"

    def named(self):
        """The primary that the Sentinels name, by the pod."""
        answer = self.pods.redis("sentinel-1", "baton", "sentinel", "get-master-addr-by-name", "baton")
        port = int(answer.split("\n")[1])
        return next(pod for pod, own in self.pods.ports.items() if own == port)

    def test_a_primary_that_is_killed_is_replaced_and_comes_back_as_a_replica_even_without_its_disk(self):
        self.assertEqual(self.named(), "redis-0")
        self.baton_works("redis-0")
        self.assertIn("NOPERM", self.pods.redis("sentinel-0", "baton", "sentinel", "failover", "baton"))
        self.write("redis-0", "baton:x", "kept")
        self.pods.redis("redis-0", "admin", "wait", "2", "5000")
        self.pods.kill("redis-0")
        eventually("another primary", lambda: self.named() != "redis-0")
        now = self.named()
        self.write(now, "baton:y", "new")
        self.pods.start("redis-0")
        self.ready(*SERVERS[:3])
        self.assertEqual(self.role("redis-0"), "slave")
        self.assertEqual(self.pods.redis(now, "baton", "mget", "baton:x", "baton:y"), "kept\nnew")
        self.baton_works(now)
        # One that lost its disk as well must not teach the others to be empty.
        self.pods.redis(now, "admin", "wait", "2", "5000")
        self.pods.kill(now)
        self.pods.lose_disk(now)
        self.pods.start(now)
        self.ready(*SERVERS[:3])
        self.assertNotEqual(self.named(), now)
        self.assertEqual(self.pods.redis(self.named(), "baton", "get", "baton:y"), "new")

    def test_a_primary_that_stops_hands_over_and_a_restart_of_all_changes_nothing(self):
        self.pods.run("redis-0", self.pods.hook("redis-0"))
        self.assertEqual(self.role("redis-0"), "slave")
        now = self.named()
        self.assertNotEqual(now, "redis-0")
        self.write(now, "baton:x", "kept")
        self.pods.kill(*self.pods.processes)
        # The servers come before any Sentinel: they know by themselves.
        self.pods.start(*SERVERS[:3])
        self.ready(*SERVERS[:3])
        self.assertEqual(self.primary(SERVERS[:3]), now)
        self.pods.start(*SENTINELS)
        eventually("the Sentinels to know it", lambda: "localhost" in self.pods.redis(
            "sentinel-1", "baton", "sentinel", "get-master-addr-by-name", "baton"))
        self.assertEqual(self.named(), now)
        self.assertEqual(self.pods.redis(now, "baton", "get", "baton:x"), "kept")


class Cluster(Topology):
    overlay = "redis-cluster"
    job = "redis-cluster-create"

    def create(self):
        command = overlays.containers(self.pods.workload(self.job))[0]["command"]
        self.assertEqual(self.pods.run(self.job, command), 0)

    def setUp(self):
        super().setUp()
        self.pods.start(*SERVERS)
        self.ready(*SERVERS)
        # As a first try leaves it that is cut short.
        self.pods.redis("redis-0", "admin", "cluster", "addslots", "0", "1")
        self.pods.redis("redis-1", "admin", "cluster", "meet", "127.0.0.1", str(self.pods.ports["redis-0"]))
        self.create()
        self.whole()

    def whole(self):
        for pod in SERVERS:
            eventually(f"{pod} to see a whole cluster", lambda p=pod: "cluster_state:ok" in self.pods.redis(
                p, "server", "cluster", "info"))
        self.ready(*SERVERS)

    def test_it_is_made_once_and_outlives_a_restart_of_all_at_other_addresses(self):
        self.baton_works("redis-1")
        self.write("redis-0", "baton:x", "kept")
        before = self.pods.redis("redis-0", "server", "cluster", "myid")
        self.create()
        self.assertEqual(self.pods.redis("redis-0", "server", "cluster", "myid"), before)
        self.pods.stop(*SERVERS)
        self.pods.move()
        self.pods.start(*SERVERS)
        self.whole()
        self.assertEqual(self.pods.redis("redis-3", "baton", "get", "baton:x"), "kept")
        self.baton_works("redis-1")

    def test_a_primary_that_stops_hands_over_first(self):
        eventually("replicas", lambda: "connected_slaves:1" in self.pods.redis("redis-0", "server", "info"))
        self.pods.run("redis-0", self.pods.hook("redis-0"))
        self.assertEqual(self.role("redis-0"), "slave")
        self.whole()


if __name__ == "__main__":
    unittest.main()
