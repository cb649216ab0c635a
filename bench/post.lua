-- wrk's script: posts the body of the file named in BODY, with the lines of HEADERS besides.
local file = assert(io.open(os.getenv("BODY"), "rb"))
wrk.method = "POST"
wrk.headers["Content-Type"] = "application/json"
for name, value in string.gmatch(os.getenv("HEADERS") or "", "([^\n]-): ([^\n]*)") do
  wrk.headers[name] = value
end
wrk.body = file:read("*a")
file:close()
