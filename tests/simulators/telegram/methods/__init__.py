"""The methods of the Bot API that are simulated, by their names in small letters.

A further method is a function, a row in its module's METHODS, and nothing else.
"""

from tests.simulators.telegram.methods import account, editing, files, queries, sending, updates
from tests.simulators.telegram.methods.call import Method

METHODS: dict[str, Method] = {
    method.name.lower(): method
    for module in (account, updates, sending, editing, queries, files)
    for method in module.METHODS
}
