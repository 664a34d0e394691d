"""The product on one machine, with both platforms simulated, for a person to play with: `make demo`."""
