-- What the gate reads from disk: public keys of tokens, keys of room names, what is revoked. Each file
-- is read whole, and a line that isn't of its form makes all of it worth nothing.

local lfs = require "lfs"
local hex = require "prosody.util.hex"
local token = module:require "gate_token"

local no_such_file = 2 -- errno(3), ENOENT

local function read(path)
	local file = io.open(path, "rb")
	if not file then return nil end
	local text = file:read("a")
	file:close()
	return text
end

-- kid -> verifier, from one file of public keys, none to two. A key's id is the start of its own SHA-256, so
-- no name is trusted. An empty file is whole: then nobody has issued anything yet. nil when it isn't of the form.
local function token_keys(path)
	local text = read(path)
	if not text then return nil end
	local keys, count = {}, 0
	local rest = text:gsub("%-%-%-%-%-BEGIN PUBLIC KEY%-%-%-%-%-[^-]*%-%-%-%-%-END PUBLIC KEY%-%-%-%-%-\n?", function (pem)
		local kid, fits = token.verifier(pem)
		if not kid or keys[kid] then return nil end
		keys[kid] = fits
		count = count + 1
		return ""
	end)
	if rest:find("%S") or count > 2 then return nil end
	return keys
end

-- index -> key, from `<index> <64 hex>`; one line, or two while keys are rotated.
local function room_keys(path)
	local text = read(path)
	if not text then return nil end
	local keys, count = {}, 0
	for line in text:gmatch("[^\n]+") do
		local index, key = line:match("^(%d%d?) (%x+)$")
		index = math.tointeger(tonumber(index))
		if not index or index > 31 or #key ~= 64 or keys[index] then return nil end
		keys[index] = hex.decode(key)
		count = count + 1
	end
	if count == 0 or count > 2 then return nil end
	return keys
end

-- A secret of one line.
local function secret(path)
	local text = read(path)
	local line = text and text:match("^(%x+)%s*$")
	return line and #line >= 64 and line or nil
end

-- What tells one state of a file from the next, without reading it, and whether that can be relied on:
-- times are whole seconds, so what was written just now may change without a sign. A missing file is a
-- state, too, but a missing folder is none, nor is a file that can't be seen: then nobody can say that nothing is revoked.
local function stamp(path)
	local folder = path:match("^(.*)/[^/]*$")
	if lfs.attributes(folder, "mode") ~= "directory" then return nil end
	local seen, _, code = lfs.attributes(path)
	if not seen then return code == no_such_file and "none" or nil, true end
	local text = ("%d %d %d %d"):format(seen.ino, seen.size, seen.modification, seen.change)
	return text, os.time() - seen.change > 2
end

-- Revoked tokens by id and rooms by hash, each with its last second; nil when a line isn't of the form.
local function revoked(path)
	local list = { tokens = {}, rooms = {} }
	if stamp(path) == "none" then return list end
	local text = read(path)
	if not text or (text ~= "" and text:sub(-1) ~= "\n") then return nil end
	for line in text:gmatch("([^\n]*)\n") do
		local id, token_until = line:match("^token (%w+) (%d+)$")
		local hash, room_until = line:match("^room (%x+) (%d+)$")
		if id and #id == 26 and not id:find("%u") then
			list.tokens[id] = tonumber(token_until)
		elseif hash and #hash == 64 and not hash:find("%u") then
			list.rooms[hash] = tonumber(room_until)
		else
			return nil
		end
	end
	return list
end

return { token_keys = token_keys, room_keys = room_keys, secret = secret, stamp = stamp, revoked = revoked }
