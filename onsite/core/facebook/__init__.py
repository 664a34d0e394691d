"""What the on-site client knows of Messenger: `translate` reads items of webhooks, `send` speaks with the Send API."""
