-- Reads jobs by their IDs, walking through the list that benchmarks/sql/jobs.sql makes, 100,000 long, again and again.
-- BENCH_TOKEN is the bearer token.
local threads = 0

function setup(thread)
  thread:set("place", threads)
  threads = threads + 1
end

local format = string.format
local head = "GET /ccs/api/v1/jobs/"
local tail = " HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer " .. os.getenv("BENCH_TOKEN") .. "\r\n\r\n"

function request()
  local id = format("%08x-be7c-4000-8000-%012x", place * 2654435761 % 4294967296, place)
  place = (place + 7919) % 100000
  return head .. id .. tail
end

dofile(os.getenv("BENCH_SUMMARY"))
