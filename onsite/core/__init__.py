"""Pure: functions of values (bytes, dicts, `now`). No I/O library is imported here, and nothing waits."""
