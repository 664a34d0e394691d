"""The two platforms as real HTTP servers on loopback: Meta's Graph API with its webhooks, and Telegram's Bot API.

They answer as the platforms document it, are as strict as the platforms are, and have a memory that tests can question:

    graph/      the Graph API and the sender of webhooks (`GraphSimulator`)
    telegram/   the Bot API (`TelegramSimulator`)
    ledger      what was asked, by whom, and what became of it
    faults      what a network or a platform can do wrong, on request
    exchange    how one HTTP request becomes a call, meets its fault and gets its answer

Not here: load shaping, persistence, anything that starts by itself. Time is injected; nothing happens unless asked for.
"""
