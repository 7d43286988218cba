-- Logs one user in, again and again. BENCH_BODY is the body of the request.
local body = os.getenv("BENCH_BODY")
local message = "POST /ccs/api/v1/oauth/tokens HTTP/1.1\r\nHost: localhost\r\nContent-Length: " .. #body .. "\r\n\r\n" .. body

function request()
  return message
end

dofile(os.getenv("BENCH_SUMMARY"))
