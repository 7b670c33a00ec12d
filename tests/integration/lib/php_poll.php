<?php
// Asks as the PHP SDK does (http-api.md 6.4): one item at a time, in the way of its HTTP client and the cache before that. Driven by
// lines of JSON: {"url": U, "key": K} on standard input, on standard output {"asked": status or null, "status": S, "body": B}, where
// `asked` is what came over the wire; null: the cache's answer was still fresh. As a shared cache it keeps what was asked for with a key
// only if it is told that it may (RFC 9111 3.5); with "keeps": "all" it is of the years in which that was not so.
//
//   {"url": U, "key": K, "tag": T} puts an ETag beside the cached answer that another relay may have given
//   {"url": U, "key": K, "stale": true} lets the time of the cached answer be over
$cache = [];

// [status, headers with lower-case names, body]
function ask(string $url, array $headers): array
{
    $lines = array_map(fn ($name) => "$name: $headers[$name]", array_keys($headers));
    $body = file_get_contents($url, false, stream_context_create(['http' => [
        'protocol_version' => '1.1', 'header' => implode("\r\n", $lines), 'ignore_errors' => true, 'timeout' => 10, 'follow_location' => 0,
    ]]));
    $answer = [];
    foreach (array_slice($http_response_header, 1) as $line) {
        [$name, $value] = explode(':', $line, 2);
        $answer[strtolower($name)] = trim($value);
    }
    return [(int) explode(' ', $http_response_header[0])[1], $answer, $body];
}

function get(array &$cache, string $url, string $key, bool $all): array
{
    $headers = ['Authorization' => $key, 'Content-Type' => 'application/json', 'User-Agent' => 'PHPClient/6.5.0'];
    $known = $cache["$key $url"] ?? null;
    if ($known !== null && $known['until'] > time()) {
        return ['asked' => null, 'status' => 200, 'body' => $known['body']];
    }
    if ($known !== null) {
        $headers['If-None-Match'] = $known['tag'];
    }
    [$status, $answer, $body] = ask($url, $headers);
    $asked = $status;
    if ($status === 304) {
        [$status, $body] = [200, $known['body']];
    }
    $may = $all || preg_match('/public|must-revalidate|s-maxage/', $answer['cache-control'] ?? '');
    if ($status === 200 && $may && isset($answer['etag'])) {
        $until = isset($answer['expires']) ? strtotime($answer['expires']) : 0;
        $cache["$key $url"] = ['body' => $body, 'tag' => $answer['etag'], 'until' => $until];
    }
    return ['asked' => $asked, 'status' => $status, 'body' => $body];
}

while (($line = fgets(STDIN)) !== false) {
    $command = json_decode($line, true);
    if (isset($command['tag'])) {
        $cache["$command[key] $command[url]"]['tag'] = $command['tag'];
    }
    if (isset($command['stale'])) {
        $cache["$command[key] $command[url]"]['until'] = 0;
    }
    echo json_encode(get($cache, $command['url'], $command['key'], ($command['keeps'] ?? '') === 'all')), "\n";
}
