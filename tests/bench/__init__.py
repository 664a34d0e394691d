"""Benchmarks: each figure of the relay beside its rivals in the same run. `make bench`, or `python -m tests.bench`.

Not tests: nothing here asserts a speed. What is asserted is that the work was really done, as a benchmark that loses
or doubles an event measures nothing. Everything happens on the loopback, in processes that end with the benchmark;
docs/benchmarks.md says what is measured, what is not, and what came out.
"""
