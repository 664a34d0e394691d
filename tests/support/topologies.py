"""Several real redis-servers that belong together: a master with replicas and Sentinels, and a cluster."""

from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from typing import Any

from redis.crc import key_slot
from redis.exceptions import RedisError, ResponseError

from tests.support.own_redis import OwnRedis
from tests.support.waiting import process_did
from tests.world.ports import free_port

KEEPS = ("--appendonly", "yes", "--appendfsync", "always")
DOWN_AFTER_MS = 700
FORMED_WITHIN_S = 30.0
SLOTS = 16_384


@dataclass(frozen=True)
class Watched:
    """A service `main`: its master, its replicas, and three Sentinels that watch it."""

    master: OwnRedis
    replicas: Sequence[OwnRedis]
    sentinels: Sequence[OwnRedis]

    @property
    def url(self) -> str:
        """Its address, as an operator would write it."""
        return f"redis+sentinel://{','.join(f'127.0.0.1:{each.port}' for each in self.sentinels)}/main"

    def master_port(self) -> int:
        """Return where a Sentinel says that the master is."""
        return _master_port(self.sentinels[0])

    def failed_over(self) -> None:
        """Wait until every Sentinel names another master than the first one, and it is one. Raises TimeoutError."""
        process_did(lambda: self._new_masters() == {"master"}, within_s=FORMED_WITHIN_S)

    def _new_masters(self) -> set[str]:
        """Return what the servers say they are that the Sentinels name now; nothing for the first master."""
        by_port = {each.port: each for each in self.replicas}
        return {_role(by_port.get(_master_port(each))) for each in self.sentinels}


@contextmanager
def watched(replicas: int = 2) -> Iterator[Watched]:
    """Start them, and wait until they know each other."""
    with ExitStack() as stack:
        master = stack.enter_context(OwnRedis(*KEEPS, port=free_port()))
        follow = ("--replicaof", "127.0.0.1", str(master.port))
        copies = [stack.enter_context(OwnRedis(*KEEPS, *follow, port=free_port())) for _ in range(replicas)]
        process_did(lambda: _replicas_of(master) == replicas, within_s=FORMED_WITHIN_S)
        watchers = [stack.enter_context(_sentinel(free_port(), master.port)) for _ in range(3)]
        found = Watched(master, copies, watchers)
        process_did(lambda: all(_knows(each, replicas) for each in watchers), within_s=FORMED_WITHIN_S)
        yield found


def _sentinel(port: int, master_port: int) -> OwnRedis:
    return OwnRedis(
        *("--sentinel", "monitor", "main", "127.0.0.1", str(master_port), "2"),
        *("--sentinel", "down-after-milliseconds", "main", str(DOWN_AFTER_MS)),
        *("--sentinel", "failover-timeout", "main", "5000"),
        port=port,
        sentinel=True,
    )


def _master_port(sentinel: OwnRedis) -> int:
    with sentinel.client as client:
        state = client.sentinel_master("main")
    return 0 if state["is_sdown"] else int(state["port"])


def _role(server: OwnRedis | None) -> str:
    if server is None:
        return ""
    with server.client as client:
        return str(client.info("replication")["role"])


def _replicas_of(master: OwnRedis) -> int:
    with master.client as client:
        return int(client.info("replication")["connected_slaves"])


def _knows(sentinel: OwnRedis, replicas: int) -> bool:
    with sentinel.client as client:
        state = client.sentinel_master("main")
    return bool(state["num-other-sentinels"] == 2 and state["num-slaves"] == replicas)


class Cluster:
    """A cluster's nodes, each with its share of the slots."""

    def __init__(self, nodes: Sequence[OwnRedis]) -> None:
        self.nodes = nodes

    @property
    def url(self) -> str:
        """Its address, as an operator would write it; the other nodes are left to be learned."""
        return f"redis+cluster://127.0.0.1:{self.nodes[0].port},127.0.0.1:{self.nodes[1].port}"

    def node_of(self, key: str) -> OwnRedis:
        """Return the node that has a key, as the cluster was formed."""
        return self.nodes[key_slot(key.encode()) * len(self.nodes) // SLOTS]

    def form(self) -> None:
        """Give out the slots, introduce the nodes, and wait until the cluster is one. Raises TimeoutError."""
        count = len(self.nodes)
        for number, node in enumerate(self.nodes):
            first, last = -(-SLOTS * number // count), -(-SLOTS * (number + 1) // count)
            with node.client as client:
                client.execute_command("CLUSTER", "ADDSLOTS", *range(first, last))
                client.execute_command("CLUSTER", "MEET", "127.0.0.1", self.nodes[0].port)
        process_did(self.is_whole, within_s=FORMED_WITHIN_S)

    def clear(self) -> None:
        """Make it as new: no keys, no scripts."""
        for node in self.nodes:
            with node.client as client:
                client.flushall()
                client.script_flush()

    def is_whole(self) -> bool:
        """Whether each node says that every slot is served."""
        return all(map(_is_content, self.nodes))

    def move_slot(self, key: str, source: OwnRedis, target: OwnRedis) -> None:
        """Move a key's slot with everything in it to another node, one key after the other, as resharding does."""
        slot = key_slot(key.encode())
        with source.client as old, target.client as new:
            old_id, new_id = (str(client.cluster("MYID"), "ascii") for client in (old, new))
            new.execute_command("CLUSTER", "SETSLOT", slot, "IMPORTING", old_id)
            old.execute_command("CLUSTER", "SETSLOT", slot, "MIGRATING", new_id)
            while keys := old.execute_command("CLUSTER", "GETKEYSINSLOT", slot, 1):
                old.execute_command("MIGRATE", "127.0.0.1", target.port, keys[0], 0, 5_000)
        for node in (target, source, *self.nodes):
            with node.client as client:
                client.execute_command("CLUSTER", "SETSLOT", slot, "NODE", new_id)

    def replace(self, node: OwnRedis, replica: OwnRedis) -> None:
        """Have a replica take over a node's slots, as before a node is taken out of service. Raises TimeoutError."""
        with node.client as old, replica.client as new:
            new.execute_command("CLUSTER", "MEET", "127.0.0.1", self.nodes[0].port)
            node_id = str(old.cluster("MYID"), "ascii")
            process_did(lambda: _replicates(new, node_id), within_s=FORMED_WITHIN_S)
            process_did(lambda: new.info("replication").get("master_link_status") == "up", within_s=FORMED_WITHIN_S)
            process_did(lambda: all(_knows_replica(each, node_id) for each in self.nodes), within_s=FORMED_WITHIN_S)
            new.execute_command("CLUSTER", "FAILOVER")
            process_did(lambda: new.info("replication")["role"] == "master", within_s=FORMED_WITHIN_S)


def cluster_node(port: int) -> OwnRedis:
    """Make a node that belongs to no cluster yet."""
    return OwnRedis(*KEEPS, "--cluster-enabled", "yes", "--cluster-node-timeout", "1000", port=port)


@contextmanager
def clustered(count: int = 3) -> Iterator[Cluster]:
    """Start a cluster of masters."""
    with ExitStack() as stack:
        cluster = Cluster([stack.enter_context(cluster_node(free_port())) for _ in range(count)])
        cluster.form()
        yield cluster


def _knows_replica(node: OwnRedis, master_id: str) -> bool:
    with node.client as client:
        return bool(client.execute_command("CLUSTER REPLICAS", master_id))


def _replicates(node: Any, master_id: str) -> bool:
    try:
        node.execute_command("CLUSTER", "REPLICATE", master_id)
    except ResponseError:
        return False  # it has not heard of that master yet
    return True


def _is_content(node: OwnRedis) -> bool:
    try:
        with node.client as client:
            return bool(client.execute_command("CLUSTER INFO")["cluster_state"] == "ok")
    except RedisError:
        return False
