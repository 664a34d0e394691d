"""What the on-site client knows of Telegram: `translate` reads updates, `api` speaks with the Bot API."""
