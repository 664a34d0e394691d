"""The benchmarks, a module and a noun each. What they have in common is beside this package."""
