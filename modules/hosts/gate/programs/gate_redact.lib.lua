-- What of a log line may be written down. A message's fixed part is the program's own; what it is
-- filled with may be anybody's name. Numbers stay, names of this instance's hosts stay, places in
-- the code stay; all else becomes a mark. Lines that were put together before they got here are
-- searched for the forms that people's data has.

local mark = "…"

local function argument(known, value)
	if math.type(value) == "integer" or math.type(value) == "float" or type(value) == "boolean" or value == nil then
		return value
	end
	if type(value) ~= "string" then return mark end
	if known[value] then return value end
	-- Of an error and its trace: where, not what.
	local places = {}
	for place in value:gmatch("[%w_/.-]*%.lua:%d+") do places[#places + 1] = place:match("[^/]+$") end
	return #places > 0 and table.concat(places, " ") or mark
end

local forms = {
	"%S+@%S+", -- JIDs
	"ey[%w_-]+%.[%w_.-]+", -- tokens
	"%f[%w]" .. ("[%w_-]"):rep(24) .. "[%w_-]*", -- room names, ids, digests
	"%d+%.%d+%.%d+%.%d+", "%x*:%x*:[%x:.]+", -- addresses
}

local function scrub(text)
	for _, form in ipairs(forms) do text = text:gsub(form, mark) end
	return text
end

-- A session's number ties its lines together; operations need no such thread.
local function source(name)
	return (name:gsub("^c2s%x+$", "c2s"):gsub("^(http%.%u+)%-.*$", "%1"))
end

local function line(known, format, message, ...)
	local arguments = table.pack(...)
	for i = 1, arguments.n do arguments[i] = argument(known, arguments[i]) end
	return scrub(format(message, table.unpack(arguments, 1, arguments.n)))
end

return { line = line, source = source }
