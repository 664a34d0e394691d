"""The usual way to do what the relay does: a web process makes a job of each event, a worker posts it to the site.

One module for each task queue (`on_…`), run as two processes: its web process and its one worker. Each is set up to its
advantage within what the relay promises: events stay in order where the system can do that (hence one worker, and one
job at a time), an event that a dying worker had in hand is not lost where the system can do that, no results are kept,
and there is one kept connection to the site. These modules run in an environment of their own (`environments`), so
they import nothing of the conductor's, and of the product only what has the same meaning for everybody: how a webhook
is checked and cut, and what is on the wire.
"""
