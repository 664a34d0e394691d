"""Asks Meta's Graph API for customers' names. What an answer means: `onsite.core.facebook.profile`."""

from onsite.adapters.graph_client import GraphClient
from onsite.core.facebook.profile import Profile, decode_profile, profile_url
from onsite.engine.channels import Credentials


class GraphProfiles:
    """Implements `ProfileSource`."""

    def __init__(self, graph: GraphClient) -> None:
        self._graph = graph

    async def profile(self, psid: str, credentials: Credentials) -> Profile:
        """Ask for one. Raises FacebookError."""
        _, body = await self._graph.ask(profile_url(self._graph.base_url, psid, credentials.proof), credentials.token)
        return decode_profile(body)
