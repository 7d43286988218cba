-- Deletes jobs, each once: the threads take turns at the list, so that together they walk through it from its beginning.
-- BENCH_TOKEN is the bearer token. The job of place n has the ID that benchmarks/sql/jobs.sql gives it.
local threads = 0

function setup(thread)
  thread:set("place", threads)
  threads = threads + 1
end

local format = string.format
local head = "DELETE /ccs/api/v1/Jobs?jobid="
local tail = " HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer " .. os.getenv("BENCH_TOKEN") .. "\r\n\r\n"
local step = tonumber(os.getenv("BENCH_THREADS"))

function request()
  local id = format("%08x-be7c-4000-8000-%012x", place * 2654435761 % 4294967296, place)
  place = place + step
  return head .. id .. tail
end

dofile(os.getenv("BENCH_SUMMARY"))
