"""What a Ferma shop is called back with: the envelope of a status answer, as if it had asked."""

from __future__ import annotations

from collections.abc import Callable

import msgspec

from fleet.config import Config
from fleet.jobs import Job
from fleet.web.ferma.envelope import success
from fleet.web.ferma.writing import write_status

__all__ = ["renderer"]

DEFAULT_TIMEZONE = "Europe/Moscow"

_encode = msgspec.json.Encoder(decimal_format="number").encode


def renderer(config: Config) -> Callable[[Job], bytes]:
    """A function that writes the body of a job's callback."""
    timezones = {station.name: station.timezone for station in config.stations}
    devices = {station.name: number for number, station in enumerate(config.stations, start=1)}
    base = (config.http.public_url or f"http://{config.http.listen}").rstrip("/")

    def render(job: Job) -> bytes:
        data = write_status(
            job,
            device_id=lambda station: devices.get(station, 0),
            receipt_url=lambda job, result: f"{base}/receipt/{job.id}",
            timezone=lambda station: timezones.get(station or "", DEFAULT_TIMEZONE),
        )
        return _encode(success(data))

    return render
