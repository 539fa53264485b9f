"""Visitors of the API in a process of their own, who ask at a steady rate however long the answers take."""

import threading
import time
from collections.abc import Mapping
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, field
from multiprocessing import get_context

import httpx

_VISITORS = 24


@dataclass
class Visits:
    """Seconds of each answer by the name of what was asked, from when it was due, and what was no answer."""

    took_s: dict[str, list[float]] = field(default_factory=dict)
    failures: list[str] = field(default_factory=list)
    lasted_s: float = 0.0


def ask_apart(address: str, paths: Mapping[str, str], seconds: float, rate: float) -> Visits:
    """Ask for each path in turn, `rate` times a second, from another process: it takes nothing of the server's."""
    with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as apart:
        return apart.submit(ask, address, dict(paths), seconds, rate).result()


def ask(address: str, paths: Mapping[str, str], seconds: float, rate: float) -> Visits:
    """Ask for each path in turn, `rate` times a second; a visitor who waits for others' answers has waited too."""
    names, count = list(paths.items()), round(rate * seconds)
    found = Visits({name: [] for name in paths})
    lock, places, begin = threading.Lock(), iter(range(count)), time.monotonic() + 0.5

    def visit() -> None:
        with httpx.Client(base_url=address, timeout=30, trust_env=False) as client:
            while True:
                with lock:
                    place = next(places, None)
                if place is None:
                    return
                due = begin + place / rate
                time.sleep(max(0.0, due - time.monotonic()))
                name, path = names[place % len(names)]
                answer = client.get(path)
                with lock:
                    found.took_s[name].append(time.monotonic() - due)
                    if answer.status_code != 200:
                        found.failures.append(f"{name}: {answer.status_code}")

    threads = [threading.Thread(target=visit, daemon=True) for _ in range(_VISITORS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    found.lasted_s = time.monotonic() - begin
    return found
