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
    assert set(document) <= {'machine', 'figures', 'skipped'}
    for skipped in document.get('skipped', []):
        assert set(skipped) == {'suite', 'case', 'skipped'}, skipped
    for figure in document['figures']:
        assert KEYS <= set(figure), figure
        assert figure['min'] <= figure['p10'] <= figure['median'] <= figure['max'], figure
        if 'peer' in figure:
            assert abs(figure['ratio'] * figure['peer_median'] - figure['median']) <= 1e-6 * figure['median'], figure
    return document


def test_document():
    document = figures('datapath', '--case', 'native4/flows=1', '--windows', '3')
    assert {'cpu', 'cores', 'tsc_hz', 'dpdk', 'lookup', 'transparent_huge_pages'} <= set(document['machine'])
    assert document['machine']['lookup'] in ('scalar', 'avx2', 'avx512')
    assert [(f['case'], f['metric'], f['unit'], f['samples']) for f in document['figures']] == [
        ('native4/flows=1', 'cycles_per_packet', 'cycles', 3), ('native4/flows=1', 'mpps', 'Mpps', 3)]
    cycles, rate = document['figures']
    assert abs(cycles['min'] * rate['max'] * 1e6 - document['machine']['tsc_hz']) < 1e-6 * document['machine']['tsc_hz']


def test_tenants():
    """Two tables of a million prefixes, without a peer of DPDK's."""
    (figure,) = figures('mapcache', '--case', 'lookup4/10000x100', '--windows', '1')['figures']
    assert (figure['suite'], figure['case'], figure['metric'], figure['unit']) == (
        'mapcache', 'lookup4/10000x100/flows=65536', 'cycles_per_lookup', 'cycles')
    assert figure['peer'] == 'one-instance' and figure['peer_median'] > 0


def test_table():
    done = run('datapath', '--case', 'native4/flows=1', '--windows', '2')
    head, line, _ = done.stdout.splitlines()
    assert done.returncode == 0 and head.split()[:3] == ['suite', 'case', 'metric']
    assert line.split()[:3] == ['datapath', 'native4/flows=1', 'cycles_per_packet'] and ' of 2' in line


def test_refused():
    for words in (['nothing'], ['--windows', '0'], ['--windows', '101'], ['--windows'], ['--case'],
                  ['mapcache', '--case', 'nothing/'], ['datapath', '--case', 'nothing/'],
                  ['datapath', '--case', 'encap4in4/flows=0'], ['datapath', '--case', 'encap4in4/colour=3']):
        done = run(*words)
        assert done.returncode == 2 and done.stderr, words


def test_names_that_others_rely_on():
    """They run without being asked for."""
    lists = {}
    for line in run('--list').stdout.splitlines():
        suite, case = line.split()
        lists.setdefault(suite, []).append(case)
    promised = {'native4/flows=1', 'encap4in4/flows=1', 'encap4in4/mappings=1m', 'encap4in4/rlocs=100k',
        'decap4in4/flows=1', 'decap4in4/flows=1000', 'encap6in6/flows=1', 'decap6in6/flows=1'}
    assert promised <= set(lists['datapath']), promised - set(lists['datapath'])
    for case in ('lookup4/internet-1m/', 'lookup4/host-1m/', 'lookup6/mixed-1m/', 'lookup6/random128-200k/',
        'lookup4/10000x100/flows=65536', 'memory/10000x100', 'memory/1m-entries', 'update4/1m/with-reader'):
        assert any(case.startswith(known) for known in lists['mapcache']), case


def test_a_case_is_not_its_longer_namesakes():
    """A whole name is that case alone, though others begin so."""
    names = {f['case'] for f in figures('datapath', '--case', 'encap4in4/flows=1', '--windows', '1')['figures']}
    assert names == {'encap4in4/flows=1'}


def test_workers():
    document = figures('datapath', '--case', 'encap4in4/flows=7/workers=2', '--windows', '2')
    got = {(f['case'], f['metric']): f for f in document['figures']}
    assert set(got) == {('encap4in4/flows=7/workers=2', 'cycles_per_packet'), ('encap4in4/flows=7/workers=2', 'mpps'),
        ('encap4in4/flows=7/workers=2/worker=0', 'cycles_per_packet'),
        ('encap4in4/flows=7/workers=2/worker=1', 'cycles_per_packet')}
    assert got['encap4in4/flows=7/workers=2', 'mpps']['peer'] == 'one-worker'


def test_hits():
    """The price of a hit among misses, beside that of hits alone."""
    for more in ('', '/ports=2', '/burst=8/ports=2'):
        document = figures('datapath', '--case', 'encap4in4/flows=10/hits=50' + more, '--windows', '1')
        got = {f['metric']: f for f in document['figures']}
        assert set(got) == {'cycles_per_packet', 'mpps', 'cycles_per_hit', 'cycles_per_miss'}
        assert got['cycles_per_hit']['peer'] == 'hits=100' and got['cycles_per_hit']['peer_median'] > 0
        assert got['cycles_per_miss']['min'] > 0


def test_stages():
    document = figures('datapath', '--case', 'encap4in4/flows=1', '--stages', '--windows', '2')
    stages = [f['case'].rpartition('/stage=')[2] for f in document['figures'] if f['metric'] == 'stage_cycles']
    assert stages and len(set(stages)) == len(stages)
    assert any(f['metric'] == 'cycles_per_packet' for f in document['figures'])


def test_peers():
    """Beside ours, or left out with a reason: never an error, never silence."""
    for case, names in (('native4/flows=1', ('testpmd-io', 'testpmd-macswap', 'testpmd-5tswap')),
                        ('encap4in4/flows=1', ('kernel-vxlan', 'ovs-vxlan'))):
        for name in names:
            document = figures('datapath', '--case', case + '/peer=' + name, '--windows', '2')
            (said,) = document['figures'] + document.get('skipped', [])
            assert said['case'] == case + '/peer=' + name
            if 'skipped' in said:
                assert len(said['skipped']) > 10, said
            else:
                assert said['peer'] == name and said['peer_median'] > 0, said


def test_no_such_peer():
    done = run('datapath', '--case', 'native4/flows=1/peer=nobody', '--windows', '1')
    assert done.returncode == 1 and 'testpmd-io' in done.stderr


for name, test in list(globals().items()):
    if name.startswith('test_'):
        test()
        print(name)
