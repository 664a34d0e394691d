"""Connecting pages in the browser, pure: what is decided, asked and understood. No HTTP, no Redis.

ticket       the one-time link's secret part
session      what is known of one login, and its states as a table
refusals     why a person cannot go on, in words
dialog       Facebook's login dialog: where a browser is sent, and with what it comes back
permissions  what the app needs to be allowed, in words
tokens       from a code to a token that lasts
listing      the pages that a person runs, piece by piece
return_to    where the person may be sent back to
"""
