-- wrk script: replays requests that were signed beforehand, so that wrk spends no time on crypto.
-- PLAN names a Lua file: { head = "...", body = file or nil, tail = "...", targets = file,
-- random = bool, stop_after = n or nil }; a line of `targets` is "<target> <signature>".
local plan = dofile(os.getenv("PLAN"))
local body = ""
if plan.body then
  local file = assert(io.open(plan.body, "rb"))
  body = file:read("*a")
  file:close()
end
local targets, signatures = {}, {}
for line in io.lines(plan.targets) do
  local target, signature = line:match("^(%S+) (%S+)$")
  targets[#targets + 1] = target
  signatures[#signatures + 1] = signature
end
local position = 0

function init()
  math.randomseed(7)
end

function request()
  local n
  if plan.random then
    n = math.random(#targets)
  else
    position = position % #targets + 1
    n = position
  end
  return plan.method .. " " .. targets[n] .. plan.head .. signatures[n] .. "\r\n\r\n" .. body
end

function done(summary, latency)
  local failed = summary.errors
  print(string.format("RESULT %d %d %d %.0f %.0f", summary.requests, summary.duration,
    failed.status + failed.connect + failed.read + failed.write + failed.timeout,
    latency:percentile(50), latency:percentile(99)))
end
