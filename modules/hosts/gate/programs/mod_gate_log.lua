-- Two streams of logs. Operations: Prosody's own lines, without names, tokens, rooms and addresses;
-- redacted in the sink, so that no module and no level gets past it. Security: one line of JSON for
-- each decision, by another syslog identifier and facility, where the monitor's store for security
-- takes it from.
module:set_global()

local format = require "prosody.util.format".format
local hashes = require "prosody.util.hashes"
local hex = require "prosody.util.hex"
local json = require "prosody.util.json"
local loggingmanager = require "prosody.core.loggingmanager"
local pposix = require "prosody.util.pposix"
local unix = require "socket.unix"
local files = module:require "gate_files"
local name = module:require "gate_name"
local redact = module:require "gate_redact"

local folder = module:get_option_string("gate_folder")
local known = {}
for _, host in pairs(module:get_option("gate_hosts")) do known[host] = true end

-- Lines from before this module was loaded have gone out as they were: nobody can have connected yet.
loggingmanager.register_sink_type("syslog", function ()
	return function (source, level, message, ...)
		pposix.syslog_log(level, redact.source(source), redact.line(known, format, message, ...))
	end
end)
loggingmanager.reload_logging()

local key
local function load_key()
	local text = files.secret(folder .. "/pseudonym.key")
	key = text and hex.decode(text)
	if not key then module:log("error", "gate/pseudonym.key can't be read: rooms in the security log have no pseudonym") end
end
load_key()
module:hook_global("config-reloaded", load_key)

-- The same room has the same pseudonym, of 130 bits. It is made of the room's digest, which the issue log
-- has, too: who holds the key and that log finds the meeting, with either alone nobody does.
local function pseudonym(room)
	if not key then return nil end
	local digest = hashes.hmac_sha256(key, "polder pseudonym 1\0" .. hashes.sha256(room, true))
	return name.base32(digest:sub(1, 20)):sub(1, 26)
end

-- A field whose words are this program's own: each is put into JSON once. What of an event isn't there is nothing.
local function field_of_words(called)
	local texts = setmetatable({}, { __index = function (all, word)
		local text = (',"%s":%s'):format(called, json.encode(word))
		all[word] = text
		return text
	end })
	return function (word) return word and texts[word] or "" end
end
local action, result, why = field_of_words "action", field_of_words "result", field_of_words "why"
local to, key_id, role = field_of_words "to", field_of_words "key", field_of_words "role"

-- A field of which it doesn't choose what it says.
local function field(called, value)
	return value and (',"%s":%s'):format(called, json.encode(value)) or ""
end

-- As syslog(3) sends it (RFC 3164, without the host). Prosody's util.pposix has one name for all of a
-- program's lines, and opens its socket anew when that is changed.
local auth, warning, info = 4 << 3, 4, 6
local socket
local function connect()
	if socket then socket:close() end
	socket = unix.dgram()
	return socket:connect("/dev/log")
end

-- How each line of this second begins, by how severe it is.
local now, beginnings
local function beginning(severity)
	local second = os.time()
	if second ~= now then
		now, beginnings = second, {}
		local here, utc = os.date("%b %e %H:%M:%S", second), os.date("!%Y-%m-%dT%H:%M:%SZ", second)
		for _, each in ipairs { warning, info } do
			beginnings[each] = ('<%d>%s polder-gate: {"at":"%s"'):format(auth | each, here, utc)
		end
	end
	return beginnings[severity]
end

-- Who it was, and a session's own room. Both are the same in each line of a session.
local function who(event)
	return field("actor", event.actor) .. field("address", event.address)
end
local function whose(pinned)
	pinned.fields = pinned.fields or field("actor", pinned.actor) .. field("address", pinned.address) .. role(pinned.role)
	return pinned.fields
end
local function own_room(pinned)
	if pinned.room_field_key ~= key then
		pinned.room_field, pinned.room_field_key = field("room", pseudonym(pinned.room)), key
	end
	return pinned.room_field
end

-- All that a decision may hold.
local fields = {
	action = true, result = true, why = true, to = true, key = true, room = true, actor = true, address = true,
	kind = true, occupants = true, nicks = true, more = true,
}

-- One decision. event: action, result, and where known others of the fields above.
-- pinned: what the token of the session says, if one is concerned; its room counts unless the event has another.
-- Put together at once: a piece that is kept for a moment costs again when it is cleared away.
function security(event, pinned)
	for called in pairs(event) do
		-- Logged and not thrown: what is decided must come about, and be written down.
		if not fields[called] then module:log("error", "a decision has a field that the security log doesn't know: " .. called) end
	end
	local is_own = pinned and (event.room == nil or event.room == pinned.room)
	local line = beginning(event.result == "refused" and warning or info)
		.. action(event.action) .. result(event.result) .. why(event.why) .. to(event.to) .. key_id(event.key)
		.. field("kind", event.kind) .. field("occupants", event.occupants) .. field("nicks", event.nicks) .. field("more", event.more)
		.. (pinned and whose(pinned) or who(event))
		-- Another's room is never kept: what was asked before would be answered faster.
		.. (is_own and own_room(pinned) or event.room and field("room", pseudonym(event.room)) or "")
		.. "}"
	if socket and socket:send(line) or connect() and socket:send(line) then return end
	module:log("error", "a decision can't be written to the security log")
end
