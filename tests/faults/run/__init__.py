"""Carries a plan out with real processes, and writes down what became of it. Decides nothing about right and wrong."""
