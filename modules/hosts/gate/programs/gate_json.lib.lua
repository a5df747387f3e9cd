-- A strict reader of the little JSON that a token holds: objects, strings, whole numbers, booleans.
-- Prosody's own reader takes the last of two equal names; another reader takes the first. What two
-- readers may read differently is refused here: a name twice, a name with an escape, anything else
-- that a token of ours never has (arrays, null, fractions).

local depth_limit = 4

local function fail(why)
	error({ json = why }, 0)
end

local escapes = { ['"'] = '"', ["\\"] = "\\", ["/"] = "/", b = "\b", f = "\f", n = "\n", r = "\r", t = "\t" }

local function skip(text, at)
	return text:find("[^ \t\r\n]", at) or #text + 1
end

local function read_string(text, at)
	-- As nearly every string is: plain ASCII.
	local plain_text, after = text:match('^([^"\\%c\128-\255]*)"()', at)
	if plain_text then return plain_text, after end
	local parts = {}
	while true do
		local upto, stop = text:match('^([^"\\\0-\31]*)()', at)
		parts[#parts + 1] = upto
		local char = text:sub(stop, stop)
		if char == '"' then
			local whole = table.concat(parts)
			if not utf8.len(whole) then fail("no UTF-8") end
			return whole, stop + 1
		elseif char ~= "\\" then
			fail("string without end")
		end
		local hex = text:match("^u(%x%x%x%x)", stop + 1)
		if hex then
			local code = tonumber(hex, 16)
			-- Half of a surrogate pair, and what can't be shown.
			if code < 32 or (code >= 0xD800 and code <= 0xDFFF) then fail("escape") end
			parts[#parts + 1] = utf8.char(code)
			at = stop + 6
		else
			local plain = escapes[text:sub(stop + 1, stop + 1)]
			if not plain then fail("escape") end
			parts[#parts + 1] = plain
			at = stop + 2
		end
	end
end

local read_value

local function read_object(text, at, depth)
	if depth > depth_limit then fail("too deep") end
	local object = {}
	at = skip(text, at)
	if text:sub(at, at) == "}" then return object, at + 1 end
	while true do
		local name, after = text:match('^"([A-Za-z][A-Za-z_-]*)"[ \t\r\n]*:[ \t\r\n]*()', at)
		if not name then fail("name") end
		if object[name] ~= nil then fail("a name twice") end
		object[name], after = read_value(text, after, depth)
		local char
		char, at = text:match("^[ \t\r\n]*([,}])[ \t\r\n]*()", after)
		if not char then fail("object without end") end
		if char == "}" then return object, at end
	end
end

function read_value(text, at, depth)
	local char = text:sub(at, at)
	if char == "{" then return read_object(text, at + 1, depth + 1) end
	if char == '"' then return read_string(text, at + 1) end
	local number, after = text:match("^(%d+)()", at)
	-- Twelve digits: seconds until the year 33658. One number, one way to write it.
	if number and #number <= 12 and (number == "0" or number:sub(1, 1) ~= "0")
		and not text:match("^[.eE]", after) then
		return math.tointeger(tonumber(number)), after
	end
	if text:sub(at, at + 3) == "true" then return true, at + 4 end
	if text:sub(at, at + 4) == "false" then return false, at + 5 end
	fail("value")
end

-- The object that a text is, or nil.
return function (text)
	local ok, object, at = pcall(function ()
		local start = skip(text, 1)
		if text:sub(start, start) ~= "{" then fail("no object") end
		return read_object(text, start + 1, 1)
	end)
	if not ok then
		if type(object) == "table" and object.json then return nil end
		error(object, 0)
	end
	if skip(text, at) <= #text then return nil end
	return object
end
