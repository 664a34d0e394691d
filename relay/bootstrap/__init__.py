"""The only place that builds real things: clients, adapters, use cases, servers and child processes of the relay.

Three ways to run, a file each: `serve` (webhooks, admin API, live lane), `work` (retry lane and sweep), and `run`,
which is both on one machine with a Redis of its own where none is named. `parts` is what they have in common.
"""
