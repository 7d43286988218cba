-- Logs users in, one after the other, again and again. BENCH_BODIES are the bodies of their requests, a line each.
local head = "POST /ccs/api/v1/oauth/tokens HTTP/1.1\r\nHost: localhost\r\nContent-Length: "
local messages, place = {}, 0
for body in os.getenv("BENCH_BODIES"):gmatch("[^\n]+") do
  messages[#messages + 1] = head .. #body .. "\r\n\r\n" .. body
end

function request()
  place = place % #messages + 1
  return messages[place]
end

dofile(os.getenv("BENCH_SUMMARY"))
