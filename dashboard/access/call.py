"""What a page is given: the request, the user, the site and the language. Only the guard makes it."""

from __future__ import annotations

from dataclasses import dataclass, replace

from aiohttp import web

from counter.accounts import Role, Session, User
from counter.service.service import Service
from counter.site import ActiveSite
from dashboard.words.catalogue import Words


@dataclass(frozen=True, slots=True)
class Call:
    """One request that passed the guard. What a route does not need is None; using it is a mistake of ours."""

    request: web.Request
    running: Service | None  # None in a thread
    words: Words
    now: int  # UTC seconds
    secret: str = ""  # of the session's cookie
    signed_in: User | None = None
    session: Session | None = None
    active: ActiveSite | None = None
    may: Role | None = None  # on that site
    reachable: tuple[ActiveSite, ...] = ()  # in a thread: the sites that the reader may see

    def at_rest(self) -> Call:
        """The same for a thread: without the service, whose state the loop goes on changing."""
        return replace(self, running=None, reachable=self.sites)

    @property
    def service(self) -> Service:
        if self.running is None:
            raise AssertionError("a thread has no service: what it shows is read before it starts")
        return self.running

    @property
    def sites(self) -> tuple[ActiveSite, ...]:
        """The sites that the reader may see."""
        if self.running is None:
            return self.reachable
        return tuple(site for site in self.running.sites.all() if self.user.role(site.site.key) is not None)

    @property
    def user(self) -> User:
        if self.signed_in is None:
            raise AssertionError("this route lets strangers in and asks who they are")
        return self.signed_in

    @property
    def site(self) -> ActiveSite:
        if self.active is None:
            raise AssertionError("this route has no site")
        return self.active

    @property
    def role(self) -> Role:
        if self.may is None:
            raise AssertionError("this route has no site")
        return self.may

    @property
    def administers(self) -> bool:
        """Whether the reader may see addresses, download raw hits and change the site."""
        return self.may in {Role.OWNER, Role.ADMIN}
