"""The on-site client: takes in what the relay pushes, polls Telegram, keeps the conversations, sends the replies.

Layers, each importing only what is below it: `__main__`, `cli`, `bootstrap`, `web`, `adapters`, `engine`, `core`.
"""
