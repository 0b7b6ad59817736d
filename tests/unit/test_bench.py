#!/usr/bin/python3
# SPDX-License-Identifier: BSD-3-Clause
"""xtrbench as others call it: one JSON document on standard output, keys and case names as promised."""
import json
import subprocess
import sys

BENCH = sys.argv[1]
KEYS = {'suite', 'case', 'metric', 'min', 'p10', 'median', 'max', 'samples', 'unit'}


def run(*words):
    return subprocess.run([BENCH, *words], capture_output=True, text=True, timeout=280)


def figures(*words):
    done = run(*words, '--json')
    assert done.returncode == 0, done.stderr
    document = json.loads(done.stdout)
    assert set(document) == {'machine', 'figures'}
    for figure in document['figures']:
        assert KEYS <= set(figure), figure
        assert figure['min'] <= figure['p10'] <= figure['median'] <= figure['max'], figure
        if 'peer' in figure:
            assert abs(figure['ratio'] * figure['peer_median'] - figure['median']) <= 1e-6 * figure['median'], figure
    return document


def test_document():
    document = figures('datapath', '--case', 'native4/', '--windows', '3')
    assert {'cpu', 'cores', 'tsc_hz', 'dpdk', 'lookup', 'transparent_huge_pages'} <= set(document['machine'])
    assert document['machine']['lookup'] in ('scalar', 'avx2', 'avx512')
    assert [(f['case'], f['samples']) for f in document['figures']] == [('native4/flows=1', 3)]


def test_tenants():
    """Two tables of a million prefixes, without a peer of DPDK's."""
    (figure,) = figures('mapcache', '--case', 'lookup4/10000x100', '--windows', '1')['figures']
    assert (figure['suite'], figure['case'], figure['metric'], figure['unit']) == (
        'mapcache', 'lookup4/10000x100/flows=65536', 'cycles_per_lookup', 'cycles')
    assert figure['peer'] == 'one-instance' and figure['peer_median'] > 0


def test_table():
    done = run('datapath', '--case', 'native4/', '--windows', '2')
    head, line = done.stdout.splitlines()
    assert done.returncode == 0 and head.split()[:3] == ['suite', 'case', 'metric']
    assert line.split()[:3] == ['datapath', 'native4/flows=1', 'cycles_per_packet'] and ' of 2' in line


def test_refused():
    for words in (['nothing'], ['--windows', '0'], ['--windows', '101'], ['--windows'], ['--case'],
                  ['mapcache', '--case', 'nothing/']):
        done = run(*words)
        assert done.returncode == 2 and done.stderr, words


for name, test in list(globals().items()):
    if name.startswith('test_'):
        test()
        print(name)
