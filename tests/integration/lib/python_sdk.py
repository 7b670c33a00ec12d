"""The real Python server-side SDK, driven by lines of JSON: a command on standard input, its answer on standard output.

{"do": "open", "name": N, "mode": "daemon", "database": "redis", "port": P, "prefix": X}   reads the database alone
{"do": "open", "name": N, "mode": "stream", "uri": U, "key": K}                            connected by streaming
{"do": "open", "name": N, "mode": "poll", "uri": U, "key": K, "interval": S}               connected by polling
{"do": "open", "name": N, "mode": "writer", ... both}                                      connected, and writes what it gets
{"do": "open", ..., "segments": true}                                                      asks it for Big Segments, too
{"do": "open", ..., "events": U, "compressed": B}                                          sends events and diagnostic events
{"do": "evaluate", "name": N, "flags": [F], "contexts": [C]}  -> {"F C": [value, variation, reason]}
{"do": "all", "name": N, "context": C}                        -> {"F": value}
{"do": "watch", "name": N, "flag": F, "context": C}           evaluates without a pause, four at a time, until
{"do": "seen", "name": N}                                     -> {"count": N, "results": {result: how often}}
{"do": "counts", "name": N}                                   -> how many each of the four has made so far
{"do": "report", "name": N, "flags": [F], "contexts": [C], "event": E, "data": D, "metric": M}   makes events of every kind
{"do": "close", "name": N}                                    sends what is left
"""
import json
import sys
import threading

from ldclient import Context, LDClient
from ldclient.config import BigSegmentsConfig, Config
from ldclient.feature_store import CacheConfig
from ldclient.integrations import Consul, DynamoDB, Redis

UNKNOWN = 'fallback'
clients = {}
watches = {}


def store(command):
    port, prefix, caching = command['port'], command['prefix'], CacheConfig.disabled()
    if command['database'] == 'redis':
        return Redis.new_feature_store(f'redis://127.0.0.1:{port}', prefix=prefix, caching=caching)
    if command['database'] == 'consul':
        return Consul.new_feature_store(host='127.0.0.1', port=port, prefix=prefix, caching=caching)
    return DynamoDB.new_feature_store('flags', prefix=prefix, dynamodb_opts=dynamodb(port), caching=caching)


def dynamodb(port):
    return {'endpoint_url': f'http://127.0.0.1:{port}', 'region_name': 'us-east-1', 'aws_access_key_id': 'test', 'aws_secret_access_key': 'test'}


def segment_store(command):
    port, prefix = command['port'], command['prefix']
    if command['database'] == 'redis':
        return Redis.new_big_segment_store(f'redis://127.0.0.1:{port}', prefix=prefix)
    return DynamoDB.new_big_segment_store('flags', prefix=prefix, dynamodb_opts=dynamodb(port))


def reporting(command):
    return {'events_uri': command['events'], 'flush_interval': 3600, 'enable_event_compression': command['compressed'],
            'application': {'id': 'shop', 'version': '1.2.3'}, 'wrapper_name': 'wrapped', 'wrapper_version': '1'}


def open_client(command):
    options = reporting(command) if 'events' in command else {'send_events': False, 'diagnostic_opt_out': True}
    if command['mode'] in ('daemon', 'writer'):
        options['feature_store'] = store(command)
    if command['mode'] == 'daemon':
        options['use_ldd'] = True
    else:
        options.update(base_uri=command['uri'], stream_uri=command['uri'], initial_reconnect_delay=0.1)
    if command.get('segments'):
        options['big_segments'] = BigSegmentsConfig(store=segment_store(command), context_cache_size=2000, context_cache_time=60)
    config = Config(command.get('key', 'sdk-daemon'), stream=command['mode'] != 'poll', **options)
    if command['mode'] == 'poll':
        config._Config__poll_interval = command['interval']  # the constructor does not take less than 30 seconds
    client = LDClient(config, start_wait=20)
    if not client.is_initialized():
        raise RuntimeError(f"{command['name']} did not start")
    clients[command['name']] = client


def result(client, flag, context):
    detail = client.variation_detail(flag, Context.from_dict(context), UNKNOWN)
    return [detail.value, detail.variation_index, detail.reason]


class Watch:
    """Counts what one flag evaluates to."""

    def __init__(self, client, flag, context):
        self.counts, self.results, self.over = [0] * 4, {}, threading.Event()
        self.threads = [threading.Thread(target=self.run, args=(i, client, flag, context)) for i in range(4)]
        for thread in self.threads:
            thread.start()

    def run(self, i, client, flag, context):
        while not self.over.is_set():
            seen = json.dumps(result(client, flag, context))
            self.results[seen] = self.results.get(seen, 0) + 1
            self.counts[i] += 1

    def end(self):
        self.over.set()
        for thread in self.threads:
            thread.join()
        return {'count': sum(self.counts), 'results': self.results}


def evaluate(command):
    client = clients[command['name']]
    return {f"{flag} {context['key']}": result(client, flag, context) for flag in command['flags'] for context in command['contexts']}


def all_flags(command):
    state = clients[command['name']].all_flags_state(Context.from_dict(command['context']))
    return state.to_values_map() if state.valid else None


def report(command):
    client = clients[command['name']]
    for context in command['contexts']:
        client.identify(Context.from_dict(context))
        for flag in command['flags']:
            result(client, flag, context)
        client.track(command['event'], Context.from_dict(context), command['data'], command['metric'])
    client.flush()
    client._event_processor._send_diagnostic()  # what it does every minute or less often


def watch(command):
    watches[command['name']] = Watch(clients[command['name']], command['flag'], command['context'])


commands = {
    'open': open_client, 'evaluate': evaluate, 'all': all_flags, 'report': report, 'watch': watch,
    'seen': lambda command: watches.pop(command['name']).end(),
    'counts': lambda command: watches[command['name']].counts,
    'close': lambda command: clients.pop(command['name']).close(),
}
for line in sys.stdin:
    command = json.loads(line)
    try:
        answer = {'answer': commands[command['do']](command)}
    except Exception as problem:
        answer = {'problem': repr(problem)}
    print(json.dumps(answer), flush=True)
for one in watches.values():
    one.end()
