"""Liveness, readiness and metrics."""

from __future__ import annotations

from collections.abc import Iterator

from aiohttp import web
from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from counter import __version__
from counter.service.notices import renew_notices
from counter.service.service import SERVICE, Service
from counter.web.middleware import NOSNIFF

NO_STORE = {"Cache-Control": "no-store", **NOSNIFF}

# name, kind, help; the value comes from `read_metrics` in the same order of names.
METRICS = (
    ("counter_hits", "counter", "Hits answered, by what was said of them"),
    ("counter_events_written", "counter", "Events committed to the store"),
    ("counter_batches", "counter", "Transactions that committed hits"),
    ("counter_unknown_keys", "counter", "Keys of hits that are not in the wire format"),
    ("counter_queue_hits", "gauge", "Hits waiting to be stored"),
    ("counter_online", "gauge", "Visitors with an event in the last 300 seconds, all sites"),
    ("counter_sites", "gauge", "Sites in force"),
    ("counter_storage_failing", "gauge", "1 while hits can't be stored"),
    (
        "counter_untrusted_forwarded",
        "counter",
        "Requests with a visitor's address in a header, from peers that are not trusted",
    ),
    ("counter_check_time_seconds", "gauge", "When all numbers were last recounted, UTC seconds; 0 for never"),
    ("counter_check_differences", "gauge", "Numbers that the raw rows did not confirm in the last check"),
    ("counter_check_failed", "gauge", "1 when the last check could not be done"),
)


class _ServiceMetrics(Collector):
    def __init__(self, service: Service) -> None:
        self._service = service

    def collect(self) -> Iterator[Metric]:
        for name, kind, text in METRICS:
            family = (CounterMetricFamily if kind == "counter" else GaugeMetricFamily)(
                name, text, labels=["outcome"] if name == "counter_hits" else []
            )
            for labels, value in read_metrics(self._service, name):
                family.add_metric(labels, value)
            yield family


def read_metrics(service: Service, name: str) -> list[tuple[list[str], float]]:
    """The samples of one metric: (label values, value)."""
    if name == "counter_hits":
        return [([outcome], count) for outcome, count in sorted(service.outcomes.items())]
    writer, checked = service.writer, service.checked
    values: dict[str, float] = {
        "counter_events_written": writer.written,
        "counter_batches": writer.batches,
        "counter_unknown_keys": service.unknown_keys,
        "counter_queue_hits": writer.queued,
        "counter_online": sum(service.online.count(site.site.key) for site in service.sites.all()),
        "counter_sites": len(service.sites.all()),
        "counter_storage_failing": 0 if service.failing is None else 1,
        "counter_untrusted_forwarded": service.proxies.untrusted_requests,
        "counter_check_time_seconds": checked.at if checked else 0,
        "counter_check_differences": checked.differences if checked else 0,
        "counter_check_failed": 1 if checked and checked.error else 0,
    }
    return [([], values[name])]


async def get_healthz(request: web.Request) -> web.Response:
    """The process answers."""
    return web.json_response({"status": "ok", "version": __version__}, headers=NO_STORE)


async def get_readyz(request: web.Request) -> web.Response:
    """200 when hits are stored, 503 with the reason otherwise; notices don't affect the status."""
    service = request.app[SERVICE]
    renew_notices(service)
    writer = service.writer
    failing = service.failing
    full = writer.queued >= service.config.storage.queue_hits
    body = {
        "status": "unready" if failing or full else "ready",
        "storage": "failing" if failing else "ok",
        "reason": failing.reason if failing else None,
        "queue": {"hits": writer.queued, "limit": service.config.storage.queue_hits},
        "check": service.checked.shown() if service.checked else None,
        "notices": service.notices,
    }
    return web.json_response(body, status=503 if failing or full else 200, headers=NO_STORE)


async def get_metrics(request: web.Request) -> web.Response:
    registry = CollectorRegistry()
    registry.register(_ServiceMetrics(request.app[SERVICE]))
    headers = {"Content-Type": "text/plain; version=0.0.4; charset=utf-8", **NO_STORE}
    return web.Response(body=generate_latest(registry), headers=headers)
