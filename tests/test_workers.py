"""Work is shared alike by one process, several and a Ray cluster, and what goes wrong in one is told in one line."""

from __future__ import annotations

import os
import signal
import sys
import time
from collections.abc import Callable, Iterator
from types import SimpleNamespace

import pytest
import ray
from joblib import delayed

from fexgan.errors import InputError
from fexgan.workers import KilledError, check_jobs, processes, share


@pytest.fixture
def tasks() -> SimpleNamespace:
    """Functions of a number that travel with their code: a cluster's workers cannot import this module."""

    def squared(number: int) -> tuple[int, int]:
        time.sleep(0.05 * (4 - number))  # the later it comes, the sooner it is done
        return number * number, os.getpid()

    def refused(number: int) -> int:
        if number == 2:
            raise InputError(f"{number} is wrong; give another")
        return number

    def killed(number: int) -> None:
        if number == 2:
            os.kill(os.getpid(), signal.SIGKILL)

    return SimpleNamespace(squared=squared, refused=refused, killed=killed)


def done(task: Callable[[int], object], jobs: int | str) -> list:
    return list(share([delayed(task)(number) for number in range(5)], jobs))


def test_a_cluster_that_is_not_there_and_a_missing_library_are_one_line(tasks, monkeypatch):
    with pytest.raises(InputError, match=r"no Ray cluster answers at ray://127.0.0.1:1 \(.*\); start one"):
        done(tasks.squared, "ray://127.0.0.1:1")
    monkeypatch.setattr("ray.init", lambda **_: pytest.fail("nothing listens there"))
    with monkeypatch.context() as patched, pytest.raises(InputError, match=r"answers at ray://127.0.0.1:1 \(.*\)"):
        patched.setenv("RAY_ADDRESS", "ray://127.0.0.1:1")
        done(tasks.squared, "ray")
    monkeypatch.setitem(sys.modules, "ray", None)
    for use in (check_jobs, lambda jobs: done(tasks.squared, jobs)):
        with pytest.raises(InputError, match=r"needs ray, which is missing; pip install 'fexgan-meta\[ray\]'"):
            use("ray")


@pytest.fixture(scope="module")
def cluster() -> Iterator[None]:
    """A Ray cluster of this machine, which `ray` then means."""
    ray.init(num_cpus=2, include_dashboard=False, log_to_driver=False)
    yield
    ray.shutdown()


@pytest.fixture
def jobs(request: pytest.FixtureRequest) -> int | str:
    if request.param == "ray":
        request.getfixturevalue("cluster")
    return request.param


@pytest.mark.parametrize("jobs", [1, 2, "2", "auto", "ray"], indirect=True)
def test_results_come_in_order_whoever_works(tasks, jobs):
    results = done(tasks.squared, jobs)
    assert [result for result, _ in results] == [0, 1, 4, 9, 16]
    elsewhere = {worker for _, worker in results} - {os.getpid()}
    assert not elsewhere if jobs == 1 else elsewhere


@pytest.mark.parametrize("jobs", [1, 2, "ray"], indirect=True)
def test_what_a_worker_refuses_is_refused(tasks, jobs):
    with pytest.raises(InputError, match="2 is wrong; give another"):
        done(tasks.refused, jobs)


@pytest.mark.parametrize("jobs", [2, "ray"], indirect=True)
def test_a_killed_worker_is_told(tasks, jobs):
    with pytest.raises(KilledError, match="the same command goes on"):
        done(tasks.killed, jobs)


@pytest.mark.parametrize("jobs", ["0", "--2", "many", "ray:", "1.5", ""])
def test_other_jobs_are_unknown(jobs):
    with pytest.raises(InputError, match="is unknown; give a number, auto, ray or ray://HOST:PORT"):
        processes(jobs, 3)


def test_no_more_processes_than_tasks_and_none_here_where_a_cluster_works():
    assert (processes(8, 3), processes(1, 3), processes("ray", 3), processes("auto", 1)) == (3, 1, 0, 1)
