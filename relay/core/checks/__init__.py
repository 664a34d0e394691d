"""What `relay check` makes of what it finds. Judgements only: answers in, lines of a report out; no I/O."""
