"""Random histories of traffic and faults against real processes, and a judge who says whether the promise was kept.

A history is drawn from a seed (`draw`), and is data: who writes what when, what is done to whom when (`plan`). `run`
carries it out: a Redis, several `relay serve` and `relay worker`, on-site clients, and light sites that can be told to
misbehave, each a process of its own. What was sent, acknowledged, pushed and stored is written down (`ledger`), and a
pure function decides (`judge`). Another one measures how long deliveries took to recover (`recovery`). That the judge
can fail is shown with broken engines (`mutants`).

What is promised, and judged after each history:

- **Not lost.** An event whose webhook got its 200 is in the database of its page's site. One that the site refuses for
  good is among the site's dead letters instead. Nothing waits any more, and every webhook was accepted in the end.
- **Once.** It is there once. The relay brings it at least once, and the site's unique key makes that one row. A sender
  that gets no 200 sends the same event again, so a relay may hold it twice without having done anything wrong. A page
  that changes its site between two such attempts may have one event at both; an event that was sent once may not.
- **Not without a reason.** The relay sends a batch again only where an answer may not have reached it, and has one
  batch under way for a site at a time. So a batch that comes again after its receipt, or while another is unanswered,
  needs an excuse: a relay, worker, Redis or site that was killed or paused meanwhile. What a site answers is no excuse,
  and neither is SIGTERM, since a relay that is asked to end finishes what is under way.
- **In order.** Event *a* stands before event *b* of the same page, at the same site, if *a* had its 200 before *b* was
  sent for the first time, or if both came in one body, in that order.

The last one is exactly what a receiver of webhooks can promise. Meta does not wait: it sends the next event of a
conversation while it still retries the one before. Two events of which neither had its 200 when the other was sent have
no order that the relay could know; whichever attempt is stored first is first. Both kinds of sender are in the traffic.
The *patient* conversations send an event only after the 200 of the one before, so that for them the rule means strict
order, whatever was killed meanwhile. The *impatient* ones send on, as Meta does; for them it means that no event
overtakes one that was already accepted.

What is not covered: the failure of a disk, a clock that jumps, networks that split, more than one machine, a Redis that
fails over (its own tests do that), attachments and replies (they do not pass the relay).
"""
