-- One line for the program that started us. Times are in microseconds.
function done(summary, latency)
  local errors = summary.errors
  print(string.format(
    'summary {"answers": %d, "microseconds": %d, "notSuccessful": %d, "broken": %d, "p50": %d, "p99": %d, "max": %d}',
    summary.requests, summary.duration, errors.status,
    errors.connect + errors.read + errors.write + errors.timeout,
    latency:percentile(50), latency:percentile(99), latency.max))
end
