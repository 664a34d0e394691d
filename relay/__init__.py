"""The cloud relay: owner of one Facebook app for many sites; it accepts webhooks and pushes each event to its site.

Layers, each importing only what is below it: `__main__`, `cli`, `bootstrap`, `web`, `adapters`, `engine`, `core`.
"""
