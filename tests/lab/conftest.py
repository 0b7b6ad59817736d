# SPDX-License-Identifier: BSD-3-Clause
"""Fixtures of the labs. A lab that does not end cleanly fails the last test that used it."""

import signal
import tempfile

import pytest

import conf
import lab as labs
import netns
import plan as plans


def _interrupted(signum, frame):
    # as Ctrl-C does: finalizers run
    raise KeyboardInterrupt("signal %d" % signum)


def pytest_configure(config):
    signal.signal(signal.SIGTERM, _interrupted)
    signal.signal(signal.SIGHUP, _interrupted)
    config.addinivalue_line("markers", "slow: takes minutes; only with --long")
    config.addinivalue_line("markers", "families(*names): the lab in these combinations of EIDs and RLOCs (all)")
    netns.sweep(tempfile.gettempdir())


def pytest_addoption(parser):
    parser.addoption("--long", action="store_true", help="also the tests of many minutes")
    parser.addoption("--one-family", action="store_true", help="of a test's combinations of EIDs and RLOCs the last")


def pytest_collection_modifyitems(config, items):
    if config.getoption("--long"):
        return
    for item in items:
        if "slow" in item.keywords:
            item.add_marker(pytest.mark.skip(reason="needs --long"))


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_makereport(item, call):
    outcome = yield
    report = outcome.get_result()
    if report.failed:
        for lab in list(labs._labs):
            for name in sorted(lab.configs):
                log = lab.dir / (name + ".log")
                report.sections.append(("log of %s" % name, labs.tail(log, 30)))


@pytest.fixture
def new_lab():
    """Makes labs that live for one test."""
    made = []

    def make(**kw):
        lab = labs.Lab(**kw)
        made.append(lab)
        return lab

    labs.need_binaries()
    yield make
    errors = []
    for lab in made:
        try:
            lab.stop()
        except AssertionError as e:
            errors.append(str(e))
    assert not errors, "\n".join(errors)


def pytest_generate_tests(metafunc):
    """Labs are IPv4 in IPv4, but where the mark `families` says otherwise. --one-family leaves one of several."""
    for name in ("lab1", "lab2", "core"):
        if name in metafunc.fixturenames:
            mark = metafunc.definition.get_closest_marker("families")
            names = (mark.args or plans.NAMES) if mark else plans.NAMES[:1]
            if metafunc.config.getoption("--one-family"):
                names = names[-1:]
            metafunc.parametrize(name, names, indirect=True, scope="module")


@pytest.fixture(scope="module")
def lab1(request):
    """Lab 1 with its three routers, registered; shared by the tests of a file, which leave it as they found it."""
    plan = plans.PLANS[request.param]
    labs.need_binaries()
    with labs.Lab() as lab:
        lab.two_sites(plan=plan)
        lab.start_all(conf.lab1(plan=plan))
        yield lab


@pytest.fixture(scope="module")
def lab2(request):
    """Lab 2 with its three routers, registered, its PETR found alive; as lab1."""
    plan = plans.PLANS[request.param]
    labs.need_binaries()
    with labs.Lab() as lab:
        lab.world(plan=plan)
        lab.start_all(conf.lab2(plan=plan))
        for r in ("lisp1", "lisp2"):
            lab.wait_petr(r, plan.petr)
        yield lab


@pytest.fixture(autouse=True)
def routers_alive():
    """After each test: no router has crashed, whatever the test looked at."""
    yield
    for lab in list(labs._labs):
        lab.check()
