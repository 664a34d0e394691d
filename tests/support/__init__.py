"""What tests of the relay and of the shared code stand on: fakes of the ports, a real Redis, a receiving site.

Not a product: nothing here is imported by `relay`, `onsite` or `shared`. The rule: a fake keeps its port's contract,
and `tests/integration/relay/adapters/test_*_contract.py` hold it to the same suites as the real thing.
"""
