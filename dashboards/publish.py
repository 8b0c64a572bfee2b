"""Push data source and dashboard to a running Grafana, and say under which address one flight is to be seen."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import urlencode, urlsplit, urlunsplit

from grafana_client.api import AsyncGrafanaApi
from grafana_client.client import GrafanaClientError, GrafanaException, GrafanaUnauthorizedError

from dashboards.influxql import DATASOURCE_UID
from dashboards.mission_control import TITLE, UID, build
from runtime.settings import GrafanaSettings, InfluxSettings
from telemetry.errors import SettingsError, TransientError

NOT_FOUND: Final = 404
FORBIDDEN: Final = 403
NS_PER_MS: Final = 1_000_000


@dataclass(frozen=True, slots=True)
class View:
    """What a visitor is to see.

    Parameters
    ----------
    run, flight
        Which flight.
    from_ns, to_ns
        Time range in the flight's own time, Unix ns.
    """

    run: str
    flight: str
    from_ns: int
    to_ns: int


def dashboard_url(base: str, view: View) -> str:
    """Return the dashboard's address; times are epoch milliseconds, which every Grafana reads.

    Examples
    --------
    >>> dashboard_url("http://127.0.0.1:3000/", View("live", "YX1-7", 1_000_000_000, 2_500_000_000))
    'http://127.0.0.1:3000/d/downrange-mission-control/mission-control?var-run=live&var-flight=YX1-7&from=1000&to=2500'
    """
    times = {"from": view.from_ns // NS_PER_MS, "to": -(-view.to_ns // NS_PER_MS)}
    query = urlencode({"var-run": view.run, "var-flight": view.flight, **times})
    return f"{base.rstrip('/')}/d/{UID}/{TITLE.lower().replace(' ', '-')}?{query}"


def datasource(influx: InfluxSettings) -> dict[str, Any]:
    """Return the data source as Grafana's API takes it; the token travels as a header that Grafana keeps secret."""
    content: dict[str, Any] = {
        "uid": DATASOURCE_UID,
        "name": "Downrange",
        "type": "influxdb",
        "access": "proxy",
        "url": influx.url,
        "jsonData": {"version": "InfluxQL", "dbName": influx.bucket, "httpMode": "POST"},
    }
    if influx.token is not None:
        content["jsonData"]["httpHeaderName1"] = "Authorization"
        content["secureJsonData"] = {"httpHeaderValue1": f"Token {influx.token.get_secret_value()}"}
    return content


async def publish(grafana: GrafanaSettings, influx: InfluxSettings, view: View) -> str:
    """Make data source and dashboard on a running Grafana, or renew them, and return the dashboard's address.

    What was provisioned from files is left as it is: Grafana would refuse to change it.

    Raises
    ------
    SettingsError
        If no Grafana is set, or it refuses the token.
    TransientError
        If it does not answer, or answers with an error of its own.
    """
    if grafana.url is None:
        msg = "no Grafana: set DOWNRANGE_GRAFANA_URL"
        raise SettingsError(msg)
    token = grafana.token.get_secret_value() if grafana.token is not None else None
    api = _client(grafana.url, token)
    async with api.client.s:
        try:
            await _put_datasource(api, datasource(influx))
            await _put_dashboard(api)
        except GrafanaUnauthorizedError as error:
            raise SettingsError(f"Grafana at {grafana.url} refuses us: set DOWNRANGE_GRAFANA_TOKEN") from error
        except GrafanaException as error:
            if error.status_code == FORBIDDEN:
                msg = f"Grafana at {grafana.url}: DOWNRANGE_GRAFANA_TOKEN must be an administrator's ({error.message})"
                raise SettingsError(msg) from error
            raise TransientError(f"Grafana at {grafana.url}: {error.message}") from error
        except OSError as error:  # the base of every error of the HTTP client beneath
            msg = f"no Grafana at {grafana.url}: start it, or set DOWNRANGE_GRAFANA_URL ({type(error).__name__})"
            raise TransientError(msg) from error
    return dashboard_url(grafana.url, view)


def _client(url: str, token: str | None) -> Any:
    """Return a client, whose methods are untyped; it wants a path, as behind a reverse proxy, to end in a slash."""
    parts = urlsplit(url)
    path = f"{parts.path.rstrip('/')}/" if parts.path.strip("/") else ""
    return AsyncGrafanaApi.from_url(urlunsplit(parts._replace(path=path)), credential=token)


async def _put_datasource(api: Any, content: dict[str, Any]) -> None:
    known = await _or_none(api.datasource.get_datasource_by_uid(DATASOURCE_UID))
    if known is None:
        await api.datasource.create_datasource(content)
    elif not known.get("readOnly"):
        await api.datasource.update_datasource_by_uid(DATASOURCE_UID, content)


async def _put_dashboard(api: Any) -> None:
    known = await _or_none(api.dashboard.get_dashboard(UID))
    if known is None or not known.get("meta", {}).get("provisioned"):
        await api.dashboard.update_dashboard({"dashboard": build(), "overwrite": True})


async def _or_none(question: Any) -> Any:
    """Return the answer, or None where Grafana says that there is no such thing."""
    try:
        return await question
    except GrafanaClientError as error:
        if error.status_code == NOT_FOUND:
            return None
        raise
